package facts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// accepted are the statements of control tests that an engine accepted, with what it found out of each: over the same fact files, engine
// and rules it would find the same again. The zero value is ready; it is safe for concurrent use.
type accepted struct {
	m sync.Map // Checked by keyOfStatement
}

// keyOfStatement is a digest over the text of a statement and the types of its parameters.
func keyOfStatement(query string, params map[string]any) string {
	h := sha256.New()
	h.Write([]byte(trimStatement(query)))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		fmt.Fprintf(h, "\x00%s %T", name, params[name])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// of returns what is known of a statement that was accepted, or of what it orders: that adds an order and nothing else.
func (a *accepted) of(query string, params map[string]any) (Checked, bool) {
	if c, ok := a.m.Load(keyOfStatement(query, params)); ok {
		return c.(Checked), true
	}
	inner, ok := strings.CutPrefix(query, orderedHead)
	if !ok || !strings.HasSuffix(inner, orderedTail) {
		return Checked{}, false
	}
	c, ok := a.m.Load(keyOfStatement(strings.TrimSuffix(inner, orderedTail), params))
	if !ok {
		return Checked{}, false
	}
	return c.(Checked), true
}

func (a *accepted) add(query string, params map[string]any, c Checked) {
	a.m.Store(keyOfStatement(query, params), c)
}

func (a *accepted) all() map[string]Checked {
	all := map[string]Checked{}
	a.m.Range(func(key, c any) bool {
		all[key.(string)] = c.(Checked)
		return true
	})
	return all
}
