package vault

import (
	"bytes"
	"encoding/json"
	"strings"
)

// place is a part of an audit entry, by what stands in it.
type place struct {
	rule    string           // of the texts in it, at any depth; empty: they are no secrets
	members map[string]place // that are places of their own; any other member has rule
}

// entryPlaces are the parts of an entry that Vault hashes.
//
// Source: Vault documentation, "Audit devices", sensitive information; the members are those of entries of version 1.21. Map keys,
// numbers, truth values, paths, metadata and policies are not hashed, and stay here too; request headers are hashed as configured for
// each, by a device with log_raw too.
var entryPlaces = place{members: map[string]place{
	"auth": authPlaces,
	"request": {members: map[string]place{
		"client_token":          {rule: ruleToken},
		"client_token_accessor": {rule: ruleAccessor},
		"data":                  {rule: ruleData},
	}},
	"response": {members: map[string]place{
		"auth": authPlaces,
		"data": {rule: ruleData},
		"wrap_info": {members: map[string]place{
			"token":            {rule: ruleToken},
			"accessor":         {rule: ruleAccessor},
			"wrapped_accessor": {rule: ruleAccessor},
		}},
	}},
}}

var authPlaces = place{members: map[string]place{
	"client_token": {rule: ruleToken},
	"accessor":     {rule: ruleAccessor},
}}

// redactEntry returns entry, which is valid JSON, with its secrets replaced, and counts them by rule. All other bytes stay as they are.
// An entry without secrets is returned itself. A text that is hashed, or empty, is no secret.
func redactEntry(entry []byte, counts map[string]int64) []byte {
	w := walk{in: entry, counts: counts}
	w.value(entryPlaces)
	if w.copied == 0 {
		return entry
	}
	return append(w.out, entry[w.copied:]...)
}

// walk goes through a valid JSON document once.
type walk struct {
	in     []byte
	at     int
	out    []byte
	copied int // bytes of in that are in out, or replaced there
	counts map[string]int64
}

// value goes over one value that stands in p.
func (w *walk) value(p place) {
	w.space()
	if w.at >= len(w.in) {
		return
	}
	switch w.in[w.at] {
	case '{':
		w.object(p)
	case '[':
		w.list(p)
	case '"':
		w.text(p)
	default: // a number, true, false or null
		for w.at < len(w.in) && strings.IndexByte(",]} \t\r\n", w.in[w.at]) < 0 {
			w.at++
		}
	}
}

func (w *walk) object(p place) {
	w.at++
	for w.more('}') {
		key := w.quoted()
		w.space()
		w.at++ // the colon
		member, known := p.members[memberName(key)]
		if !known {
			member = place{rule: p.rule}
		}
		w.value(member)
	}
}

func (w *walk) list(p place) {
	w.at++
	for w.more(']') {
		w.value(p)
	}
}

// more goes to the next element of an object or a list, and says whether there is one; behind the last one it goes over the end.
func (w *walk) more(end byte) bool {
	w.space()
	if w.at < len(w.in) && w.in[w.at] == ',' {
		w.at++
		w.space()
	}
	if w.at >= len(w.in) {
		return false
	}
	if w.in[w.at] == end {
		w.at++
		return false
	}
	return true
}

func (w *walk) text(p place) {
	from := w.at
	quoted := w.quoted()
	if p.rule == "" || len(quoted) == 2 || bytes.HasPrefix(quoted[1:], hashed) {
		return
	}
	w.out = append(append(w.out, w.in[w.copied:from]...), redactedValue...)
	w.copied = w.at
	w.counts[p.rule]++
}

// quoted goes over a text and returns it with its quotes.
func (w *walk) quoted() []byte {
	from := w.at
	for w.at++; w.at < len(w.in); w.at++ {
		switch w.in[w.at] {
		case '\\':
			w.at++
		case '"':
			w.at++
			return w.in[from:w.at]
		}
	}
	return w.in[from:]
}

func (w *walk) space() {
	for w.at < len(w.in) && (w.in[w.at] == ' ' || w.in[w.at] == '\t' || w.in[w.at] == '\n' || w.in[w.at] == '\r') {
		w.at++
	}
}

// memberName reads a member's name, which may be written with escapes.
func memberName(quoted []byte) string {
	var name string
	if json.Unmarshal(quoted, &name) != nil {
		return ""
	}
	return name
}
