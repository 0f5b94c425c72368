package filestore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

// TestWriteTo holds that io.Copy, which takes whole blocks, checks what Read checks.
func TestWriteTo(t *testing.T) {
	content := storetest.Bytes(3<<20, 1)
	errFull := errors.New("full")
	for _, tt := range []struct {
		name   string
		read   int64 // before the rest is copied
		damage func([]byte) []byte
		stop   bool // the context is over after the first write
		writer error
		want   error
	}{
		{name: "whole"},
		{name: "after a piece was read", read: 1000},
		{name: "after all was read", read: int64(len(content))},
		{name: "cut short", damage: func(b []byte) []byte { return b[:len(b)-100] }, want: evidence.ErrCorrupt},
		{name: "another content", damage: func([]byte) []byte { return packed(t, []byte("other")) }, want: evidence.ErrCorrupt},
		{name: "context over", stop: true, want: context.Canceled},
		{name: "writer fails", writer: errFull, want: errFull},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(t)
			d := put(t, s, content)
			if tt.damage != nil {
				damageFile(t, s.blobPath(d), tt.damage)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r, err := s.Get(ctx, d)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var got bytes.Buffer
			if _, err := io.CopyN(&got, struct{ io.Reader }{r}, tt.read); err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(writerFunc(func(p []byte) (int, error) {
				if tt.stop {
					cancel()
				}
				if tt.writer != nil {
					return 0, tt.writer
				}
				return got.Write(p)
			}), r)
			if !errors.Is(err, tt.want) || tt.want != evidence.ErrCorrupt && errors.Is(err, evidence.ErrCorrupt) {
				t.Fatalf("got error %v, want %v", err, tt.want)
			}
			if tt.want == nil && (!bytes.Equal(got.Bytes(), content) || n != int64(len(content))-tt.read) {
				t.Errorf("got %d bytes, %d of them copied", got.Len(), n)
			}
			want := tt.want
			if want == nil {
				want = io.EOF
			}
			if _, err := r.Read(make([]byte, 1)); !errors.Is(err, want) {
				t.Errorf("reading on: got %v, want %v", err, want)
			}
		})
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
