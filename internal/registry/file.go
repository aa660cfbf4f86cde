package registry

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// file is the studies of an NDJSON file. Only an index is held in memory; a
// study is read from its offset when it is asked for.
type file struct {
	data    *os.File
	remove  string // temporary file to delete
	offsets []int64
	lengths []int32
	headers []header
	byID    map[nct]int
}

func openFile(path, tempDir string) (*file, error) {
	data, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open studies: %w", err)
	}
	f := &file{data: data, byID: map[nct]int{}}
	if strings.HasSuffix(path, ".gz") {
		err = f.unpack(tempDir)
	}
	if err == nil {
		err = f.index()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read studies %s: %w", path, err), f.close())
	}
	return f, nil
}

// unpack replaces the compressed file by a temporary plain one, which can be
// read at any offset.
func (f *file) unpack(dir string) error {
	packed := f.data
	defer packed.Close()
	plain, err := os.CreateTemp(dir, "sample-registry-*.ndjson")
	if err != nil {
		return err
	}
	f.data, f.remove = plain, plain.Name()
	in, err := gzip.NewReader(bufio.NewReaderSize(packed, 1<<20))
	if err != nil {
		return err
	}
	if _, err := io.Copy(plain, in); err != nil {
		return err
	}
	_, err = plain.Seek(0, io.SeekStart)
	return err
}

func (f *file) index() error {
	in := bufio.NewReaderSize(f.data, 1<<20)
	var offset int64
	for number := 1; ; number++ {
		line, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return err
		}
		study := bytes.TrimSpace(line)
		if len(study) > 0 {
			if err := f.add(study, offset+int64(bytes.Index(line, study))); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		offset += int64(len(line))
		if err == io.EOF {
			break
		}
	}
	if len(f.headers) == 0 {
		return errors.New("there is no study in it")
	}
	return nil
}

func (f *file) add(study []byte, offset int64) error {
	if !json.Valid(study) {
		var v any
		return fmt.Errorf("not JSON: %w", json.Unmarshal(study, &v))
	}
	h := headerOf(study)
	slot := len(f.headers)
	for _, id := range append([]nct{h.id}, h.aliases...) {
		if _, taken := f.byID[id]; !taken && id != 0 {
			f.byID[id] = slot
		}
	}
	f.offsets = append(f.offsets, offset)
	f.lengths = append(f.lengths, int32(len(study)))
	f.headers = append(f.headers, h)
	return nil
}

// headerOf reads what it can: a file may hold damaged studies, and they are
// served too.
func headerOf(study []byte) header {
	type dated struct{ Date string }
	var s struct {
		ProtocolSection struct {
			IdentificationModule struct {
				NCTID        string   `json:"nctId"`
				NCTIDAliases []string `json:"nctIdAliases"`
			}
			StatusModule struct {
				OverallStatus            string
				StartDateStruct          dated
				StudyFirstPostDateStruct dated
				LastUpdatePostDateStruct dated
			}
			DesignModule struct {
				StudyType      string
				EnrollmentInfo struct{ Count *int }
			}
		}
	}
	_ = json.Unmarshal(study, &s) // what has another shape stays empty
	p := s.ProtocolSection
	h := header{
		status:     p.StatusModule.OverallStatus,
		studyType:  p.DesignModule.StudyType,
		start:      parsePartialDay(p.StatusModule.StartDateStruct.Date),
		firstPost:  parsePartialDay(p.StatusModule.StudyFirstPostDateStruct.Date),
		lastUpdate: parsePartialDay(p.StatusModule.LastUpdatePostDateStruct.Date),
		enrollment: -1,
	}
	h.id, _ = parseNCT(p.IdentificationModule.NCTID)
	for _, alias := range p.IdentificationModule.NCTIDAliases {
		if id, ok := parseNCT(alias); ok {
			h.aliases = append(h.aliases, id)
		}
	}
	if n := p.DesignModule.EnrollmentInfo.Count; n != nil {
		h.enrollment = *n
	}
	return h
}

func (f *file) size() int              { return len(f.headers) }
func (f *file) header(slot int) header { return f.headers[slot] }

func (f *file) find(id nct) (int, bool) {
	slot, ok := f.byID[id]
	return slot, ok
}

func (f *file) appendStudy(dst []byte, slot int, versionHolder string) ([]byte, error) {
	from, n := len(dst), int(f.lengths[slot])
	for cap(dst)-from < n {
		dst = append(dst[:cap(dst)], 0)
	}
	dst = dst[:from+n]
	if _, err := f.data.ReadAt(dst[from:], f.offsets[slot]); err != nil {
		return nil, fmt.Errorf("read study %d: %w", slot, err)
	}
	if versionHolder != "" {
		stampVersion(dst[from:], versionHolder)
	}
	return dst, nil
}

// stampVersion writes the date of the data build over the one in the study:
// both are ten characters.
func stampVersion(study []byte, versionHolder string) {
	const key = `"versionHolder":"`
	at := bytes.LastIndex(study, []byte(key))
	if at < 0 || len(study) < at+len(key)+len(versionHolder) {
		return
	}
	copy(study[at+len(key):], versionHolder)
}

func (f *file) close() error {
	err := f.data.Close()
	if f.remove != "" {
		err = errors.Join(err, os.Remove(f.remove))
	}
	return err
}
