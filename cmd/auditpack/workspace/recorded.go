package workspace

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
	"slices"
)

// Recorded is w with auditpack.yaml as inputs have it: the files of the workspace as they were recorded once. Its folder, and so its
// store, cache and keys, stay those of w.
func (w *Workspace) Recorded(inputs []Input) (*Workspace, error) {
	i := slices.IndexFunc(inputs, func(in Input) bool { return in.Name == FileName })
	if i < 0 {
		return nil, fmt.Errorf("read recorded workspace: it has no %s", FileName)
	}
	return parse(w.Dir, w.shown+" (as recorded)", inputs[i].Bytes, w.types)
}

// FilesOf gives inputs as a read-only tree of files.
func FilesOf(inputs []Input) (fs.FS, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, in := range inputs {
		f, err := w.CreateHeader(&zip.FileHeader{Name: in.Name, Method: zip.Store})
		if err != nil {
			return nil, fmt.Errorf("read recorded workspace: %q: %w", in.Name, err)
		}
		if _, err := f.Write(in.Bytes); err != nil {
			return nil, fmt.Errorf("read recorded workspace: %q: %w", in.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("read recorded workspace: %w", err)
	}
	return zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
}
