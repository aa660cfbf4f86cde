package lake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"
)

// Row is one record of a page as it stands in a shard and in the compacted
// file. All columns are filled; what is not there is the empty string.
type Row struct {
	NCTID              string    `parquet:"nct_id"`
	LastUpdatePostDate string    `parquet:"last_update_post_date"`
	ContentHash        string    `parquet:"content_hash"`
	Page               int32     `parquet:"page"`
	Position           int32     `parquet:"position"` // from 1, within the page
	FetchedAt          time.Time `parquet:"fetched_at,timestamp(microsecond)"`
	// Problem says why the record is no study; then NCTID is empty.
	Problem string `parquet:"problem"`
	Study   []byte `parquet:"study,json"`
}

// rowsOf reads the identity of every record of a page. Parsing is the costly
// part of it, so the processors share the work.
func rowsOf(page int, records []json.RawMessage, fetchedAt time.Time) []Row {
	rows := make([]Row, len(records))
	workers := min(runtime.GOMAXPROCS(0), len(records))
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() {
			var parser fastjson.Parser
			var hash hasher
			for i := worker; i < len(records); i += workers {
				rows[i] = rowOf(&parser, &hash, records[i])
				rows[i].Page = int32(page)
				rows[i].Position = int32(i + 1)
				rows[i].FetchedAt = fetchedAt.UTC().Truncate(time.Microsecond)
			}
		})
	}
	wait.Wait()
	return rows
}

// rowOf keeps the bytes of a record as they are, with one exception: text that
// is not UTF-8 would make the whole file unreadable for others, so there each
// broken byte becomes U+FFFD and the record is quarantined.
func rowOf(parser *fastjson.Parser, hash *hasher, record json.RawMessage) Row {
	if !utf8.Valid(record) {
		record = bytes.ToValidUTF8(record, []byte("\uFFFD"))
		return quarantined(record, "the record is not valid UTF-8")
	}
	study, err := parser.ParseBytes(record)
	if err != nil {
		return quarantined(record, fmt.Sprintf("the record is not JSON: %v", err))
	}
	if study.Type() != fastjson.TypeObject {
		return quarantined(record, fmt.Sprintf("the record is not an object but %s", study.Type()))
	}
	id := study.Get("protocolSection", "identificationModule", "nctId")
	if id == nil {
		return quarantined(record, "the record has no NCT id")
	}
	text := string(id.GetStringBytes())
	if _, ok := nctNumber(text); !ok {
		return quarantined(record, fmt.Sprintf("the NCT id %.40s is not NCT and eight digits", id))
	}
	return Row{
		NCTID: text,
		LastUpdatePostDate: string(study.GetStringBytes(
			"protocolSection", "statusModule", "lastUpdatePostDateStruct", "date")),
		ContentHash: hash.study(study),
		Study:       record,
	}
}

// quarantined keeps a record that is no study. Its hash is that of its bytes.
func quarantined(record []byte, problem string) Row {
	return Row{ContentHash: hashBytes(record), Problem: problem, Study: record}
}
