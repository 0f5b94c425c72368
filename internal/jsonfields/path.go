package jsonfields

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Path names values in a JSON document by their place. Its steps are separated by dots: a key, * for any one key, ** for anything
// at any depth, itself included. [] after a step, or at the start, goes to each element of a list. A key that holds a dot, a bracket, a
// star or a quote is written as a JSON text: a."b.c". A path takes the value that it leads to, and all that is in it.
type Path struct {
	text  string
	steps []step
}

// String is the path as it was written.
func (p Path) String() string { return p.text }

type stepKind int

const (
	stepKey stepKind = iota + 1
	stepAnyKey
	stepElement
	stepDeep
)

type step struct {
	kind stepKind
	key  string
}

// maxSteps bounds a path: no document that anybody wrote lies so deep.
const maxSteps = 64

// ParsePath reads a path.
func ParsePath(text string) (Path, error) {
	p := Path{text: text}
	fail := func(err error) (Path, error) { return Path{}, fmt.Errorf("field %q: %w", text, err) }
	if text == "" {
		return fail(errors.New("it is empty: want a path such as auth.display_name, items[].email or **.email"))
	}
	rest := text
	for first := true; rest != ""; first = false {
		if len(p.steps) == maxSteps {
			return fail(fmt.Errorf("it has more than %d steps", maxSteps))
		}
		if strings.HasPrefix(rest, "[]") {
			p.steps, rest = append(p.steps, step{kind: stepElement}), rest[2:]
			continue
		}
		if !first {
			if rest[0] != '.' {
				return fail(fmt.Errorf("want a dot or [] before %q", rest))
			}
			rest = rest[1:]
		}
		s, n, err := readStep(rest)
		if err != nil {
			return fail(err)
		}
		p.steps, rest = append(p.steps, s), rest[n:]
	}
	return p, nil
}

// readStep reads a key or stars, and says how long it is.
func readStep(text string) (step, int, error) {
	if strings.HasPrefix(text, `"`) {
		dec := json.NewDecoder(strings.NewReader(text))
		var key string
		if err := dec.Decode(&key); err != nil {
			return step{}, 0, errors.New("a key in quotes does not end")
		}
		return step{stepKey, key}, int(dec.InputOffset()), nil
	}
	n := strings.IndexAny(text, `.[]"`)
	if n < 0 {
		n = len(text)
	}
	switch word := text[:n]; {
	case word == "":
		return step{}, 0, errors.New("a key is missing between two dots, or at an end")
	case word == "*":
		return step{kind: stepAnyKey}, n, nil
	case word == "**":
		return step{kind: stepDeep}, n, nil
	case strings.Contains(word, "*"):
		return step{}, 0, fmt.Errorf("%q: a star stands for a whole key; write a key that has one in quotes", word)
	default:
		return step{stepKey, word}, n, nil
	}
}
