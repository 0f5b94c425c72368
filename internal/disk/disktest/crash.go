package disktest

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Loss says what a loss of power takes. A real disk does something between the first and the last.
type Loss int

const (
	// LoseUnsynced takes all that was not synced: names whose folder was not, and bytes whose file was not.
	LoseUnsynced Loss = iota + 1
	// LoseBytes takes the bytes that were not synced, and keeps the names: a file system that writes its own books first.
	LoseBytes
	// LoseNames takes the names that were not synced, and keeps the bytes.
	LoseNames
	// LoseNothing is the death of the process alone.
	LoseNothing
)

// Losses are all of them.
var Losses = []Loss{LoseUnsynced, LoseBytes, LoseNames, LoseNothing}

func (l Loss) String() string {
	return map[Loss]string{LoseUnsynced: "all that was not synced is lost", LoseBytes: "bytes that were not synced are lost",
		LoseNames: "names that were not synced are lost", LoseNothing: "the process dies"}[l]
}

// Replay makes in dir, which is empty, what a loss after the first n operations leaves.
func (r *Recorder) Replay(n int, loss Loss, dir string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := newModel()
	for _, op := range r.ops[:n] {
		m.apply(op)
	}
	return m.root.writeTo(dir, loss)
}

// Last describes the operation before a loss after n operations.
func (r *Recorder) Last(n int) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n == 0 {
		return "nothing yet"
	}
	return fmt.Sprintf("operation %d: %s", n, r.ops[n-1])
}

// model is a disk with a cache: each node has a state that programs see and one that is durable.
type model struct {
	root  *node
	files map[int]*node
}

// node is a folder or a file.
type node struct {
	id     int // of a file
	folder bool

	names, durableNames map[string]*node // of a folder
	bytes, durableBytes []byte           // of a file
	mode, durableMode   fs.FileMode
}

func newModel() *model {
	return &model{root: newFolder(), files: map[int]*node{}}
}

func newFolder() *node {
	return &node{folder: true, names: map[string]*node{}, durableNames: map[string]*node{}}
}

// lookup finds a node by the name that programs see.
func (m *model) lookup(name string) *node {
	n := m.root
	for _, step := range strings.Split(filepath.ToSlash(name), "/") {
		if step == "." {
			continue
		}
		if n = n.names[step]; n == nil {
			return nil
		}
	}
	return n
}

func (m *model) parent(name string) (folder *node, base string) {
	name = filepath.ToSlash(name)
	return m.lookup(path.Dir(name)), path.Base(name)
}

func (m *model) apply(op operation) {
	switch op.kind {
	case mkdir:
		in, base := m.parent(op.name)
		in.names[base] = newFolder()
	case create:
		in, base := m.parent(op.name)
		if in.names[base] == nil {
			in.names[base] = &node{id: op.file, mode: 0o600, durableMode: 0o600}
		}
		m.files[op.file] = in.names[base]
		if op.trunc {
			in.names[base].bytes = nil
		}
	case write:
		f := m.files[op.file]
		if end := int(op.offset) + len(op.data); end > len(f.bytes) {
			f.bytes = append(append([]byte(nil), f.bytes...), make([]byte, end-len(f.bytes))...)
		} else {
			f.bytes = append([]byte(nil), f.bytes...)
		}
		copy(f.bytes[op.offset:], op.data)
	case chmod:
		m.files[op.file].mode = op.mode
	case fsync:
		f := m.files[op.file]
		f.durableBytes, f.durableMode = f.bytes, f.mode
	case rename, link:
		from, base := m.parent(op.name)
		to, target := m.parent(op.to)
		to.names[target] = from.names[base]
		if op.kind == rename {
			delete(from.names, base)
		}
	case remove:
		in, base := m.parent(op.name)
		delete(in.names, base)
	case syncFolder:
		d := m.lookup(op.name)
		d.durableNames = maps.Clone(d.names)
	}
}

// writeTo makes the folder n in dir, which is there.
func (n *node) writeTo(dir string, loss Loss) error {
	names := n.names
	if loss == LoseUnsynced || loss == LoseNames {
		names = n.durableNames
	}
	for name, child := range names {
		target := filepath.Join(dir, name)
		if child.folder {
			if err := os.Mkdir(target, 0o700); err != nil {
				return err
			}
			if err := child.writeTo(target, loss); err != nil {
				return err
			}
			continue
		}
		bytes, mode := child.bytes, child.mode
		if loss == LoseUnsynced || loss == LoseBytes {
			bytes, mode = child.durableBytes, child.durableMode
		}
		if err := os.WriteFile(target, bytes, mode); err != nil {
			return err
		}
	}
	return nil
}
