package lake

import (
	"bytes"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"apotheca/internal/columnar"
	"apotheca/internal/schema"
)

// storage is how a column is stored. Whole numbers are stored as the
// differences between them, in as many bits as these need: then there is
// nothing left that compression could take away. Text is compressed.
type storage struct {
	name     string
	nullable bool
	typ      parquet.Type
	encoding encoding.Encoding
	codec    compress.Codec
}

func storageOf(c schema.Column) (storage, error) {
	s := storage{
		name: c.Name, nullable: c.Nullable, typ: parquet.String().Type(),
		encoding: &parquet.Plain, codec: &parquet.Uncompressed,
	}
	switch c.Type {
	case schema.Integer:
		s.typ, s.encoding = parquet.Int(64).Type(), &parquet.DeltaBinaryPacked
	case schema.Timestamp:
		s.typ, s.encoding = parquet.Timestamp(parquet.Microsecond).Type(), &parquet.DeltaBinaryPacked
	case schema.Date:
		s.typ, s.encoding = parquet.Date().Type(), &parquet.DeltaBinaryPacked
	case schema.Boolean:
		s.typ = parquet.BooleanType
	case schema.Double:
		s.typ = parquet.DoubleType
	default:
		s.codec = &zstd.Codec{Level: shardLevel}
	}
	return s, columnar.Check(c.Type)
}

// element is the column in the schema of the file.
func (s *storage) element() format.SchemaElement {
	e := format.SchemaElement{Name: s.name, Type: thrift.New(*s.typ.PhysicalType()), RepetitionType: thrift.New(format.Required)}
	if s.nullable {
		e.RepetitionType.V = format.Optional
	}
	if logical := s.typ.LogicalType(); logical != nil {
		e.LogicalType = *logical
	}
	if converted := s.typ.ConvertedType(); converted != nil {
		e.ConvertedType = thrift.New(*converted)
	}
	return e
}

// page is a column of a row group, as it stands in the file: the header, which
// rows have a value, and the values.
type page struct {
	header  bytes.Buffer
	levels  []byte
	encoded []byte
	packed  []byte
	body    []byte // encoded, or packed
	meta    format.ColumnMetaData
}

// encode makes the page of a column.
func (p *page) encode(s *storage, c *columnar.Column, rows int, v *values) (err error) {
	v.take(c, rows)
	p.levels = p.levels[:0]
	if s.nullable {
		if p.levels, err = (&rle.Encoding{BitWidth: 1}).EncodeLevels(p.levels, v.present); err != nil {
			return err
		}
	}
	if p.encoded, err = v.encode(p.encoded, s); err != nil {
		return err
	}
	p.body = p.encoded
	isCompressed := s.codec.CompressionCodec() != format.Uncompressed
	if isCompressed {
		if p.packed, err = s.codec.Encode(p.packed, p.encoded); err != nil {
			return err
		}
		p.body = p.packed
	}
	return p.describe(s, rows, v, isCompressed)
}

// describe writes the header and what the footer says of the page.
func (p *page) describe(s *storage, rows int, v *values, isCompressed bool) error {
	nulls := rows - v.count
	header := format.PageHeader{
		Type:                 format.DataPageV2,
		UncompressedPageSize: int32(len(p.levels) + len(p.encoded)),
		CompressedPageSize:   int32(len(p.levels) + len(p.body)),
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{
			NumValues: int32(rows), NumNulls: int32(nulls), NumRows: int32(rows),
			Encoding: s.encoding.Encoding(), DefinitionLevelsByteLength: int32(len(p.levels)),
			IsCompressed: thrift.New(isCompressed),
		}),
	}
	p.header.Reset()
	if err := thrift.NewEncoder(new(thrift.CompactProtocol).NewWriter(&p.header)).Encode(&header); err != nil {
		return err
	}
	p.meta = format.ColumnMetaData{
		Type:                  *s.typ.PhysicalType(),
		Encoding:              []format.Encoding{s.encoding.Encoding(), format.RLE},
		PathInSchema:          []string{s.name},
		Codec:                 s.codec.CompressionCodec(),
		NumValues:             int64(rows),
		TotalUncompressedSize: int64(p.header.Len()) + int64(header.UncompressedPageSize),
		TotalCompressedSize:   int64(p.header.Len()) + int64(header.CompressedPageSize),
		Statistics:            v.statistics(s),
	}
	return nil
}
