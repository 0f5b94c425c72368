package vault

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"auditpack/internal/lines"
)

// Use is a line of an audit log that holds a text. What its entry does not say, or cannot be read, is empty.
type Use struct {
	Line          int64  `json:"line"` // in the segment, from 1
	Time          string `json:"time"` // as the entry has it
	RequestID     string `json:"request_id"`
	Type          string `json:"type"` // request or response
	Operation     string `json:"operation"`
	Path          string `json:"path"`
	Namespace     string `json:"namespace"` // path, empty for the root
	DisplayName   string `json:"display_name"`
	EntityID      string `json:"entity_id"`
	RemoteAddress string `json:"remote_address"`
	Question      bool   `json:"question"` // somebody asked for this very hash, which is no use of the value
}

// entryHead is what a Use has of an entry.
//
// Source: Vault documentation, "Audit devices", entries of version 1.21.
type entryHead struct {
	Time string `json:"time"`
	Type string `json:"type"`
	Auth struct {
		DisplayName string `json:"display_name"`
		EntityID    string `json:"entity_id"`
	} `json:"auth"`
	Request struct {
		ID        string `json:"id"`
		Operation string `json:"operation"`
		Path      string `json:"path"`
		Namespace struct {
			Path string `json:"path"`
		} `json:"namespace"`
		RemoteAddress string `json:"remote_address"`
	} `json:"request"`
}

// Uses gives each line of a segment of an audit log that holds text, in order, wherever in the line it stands, and stops at the first
// error. It adds the lines that it read to *count, and holds one line in memory, of a line that is too long to be an entry a small part.
func Uses(segment io.Reader, text string, count *int64) iter.Seq2[Use, error] {
	return func(yield func(Use, error) bool) {
		in := bufio.NewReaderSize(segment, 256<<10)
		var long []byte
		for n := int64(1); ; n++ {
			line, found, err := searchLine(in, &long, []byte(text))
			if err != nil && !errors.Is(err, io.EOF) {
				yield(Use{}, fmt.Errorf("search line %d: %w", n, err))
				return
			}
			if err == nil || len(line) > 0 {
				*count++
			}
			if found {
				use := useOf(line, text)
				use.Line = n
				if !yield(use, nil) {
					return
				}
			}
			if err != nil {
				return
			}
		}
	}
}

// searchLine reads a line and says whether it holds text. Of a line that is too long it returns the end. At the end of the segment it
// returns io.EOF, with the last line when that has no newline.
func searchLine(in *bufio.Reader, long *[]byte, text []byte) (line []byte, found bool, err error) {
	*long = (*long)[:0]
	for {
		piece, err := in.ReadSlice('\n')
		if err == nil && len(*long) == 0 {
			return piece, bytes.Contains(piece, text), nil
		}
		*long = append(*long, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return *long, found || bytes.Contains(*long, text), err
		}
		if len(*long) > lines.MaxLine {
			found = found || bytes.Contains(*long, text)
			*long = append((*long)[:0], (*long)[len(*long)-len(text):]...)
		}
	}
}

// useOf reads the entry in line that holds text. Before a whole entry may stand a prefix, or one that was cut.
func useOf(line []byte, text string) Use {
	const attempts = 64 // entries that a line may begin before we give up: each is parsed
	rest := line
	for range attempts {
		i := bytes.Index(rest, []byte(`{"`))
		if i < 0 {
			break
		}
		rest = rest[i:]
		dec := json.NewDecoder(bytes.NewReader(rest))
		var raw json.RawMessage
		var e entryHead
		if dec.Decode(&raw) == nil && bytes.Contains(raw, []byte(text)) && json.Unmarshal(raw, &e) == nil && e.Type != "" {
			return Use{
				Time: e.Time, Type: e.Type, RequestID: e.Request.ID, Operation: e.Request.Operation, Path: e.Request.Path,
				Namespace: e.Request.Namespace.Path, DisplayName: e.Auth.DisplayName, EntityID: e.Auth.EntityID,
				RemoteAddress: e.Request.RemoteAddress, Question: strings.HasPrefix(e.Request.Path, "sys/audit-hash/"),
			}
		}
		rest = rest[len(`{"`):]
	}
	return Use{}
}
