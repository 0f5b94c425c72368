package templates

import (
	"fmt"
	"io/fs"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
)

// Text is the wording of reports in one language, looked up by dotted keys such as "evidence.cover.scope". It is safe for
// concurrent use; its zero value has no words.
type Text struct {
	Language Language
	words    map[string]string
}

// LoadText reads text/<language>.yaml from files, nested mappings of texts. A key that occurs twice, or a value that is no
// text, is an error that shows the place.
func LoadText(files fs.FS, l Language) (Text, error) {
	name := "text/" + string(l) + ".yaml"
	b, err := fs.ReadFile(files, name)
	if err != nil {
		return Text{}, fmt.Errorf("read wording: %w", err)
	}
	var tree map[string]any
	if err := yaml.Unmarshal(b, &tree); err != nil {
		return Text{}, fmt.Errorf("read wording %q: %w", name, err)
	}
	words := map[string]string{}
	if err := flatten(words, "", tree); err != nil {
		return Text{}, fmt.Errorf("read wording %q: %w", name, err)
	}
	return Text{Language: l, words: words}, nil
}

func flatten(words map[string]string, prefix string, tree map[string]any) error {
	for key, value := range tree {
		switch v := value.(type) {
		case string:
			words[prefix+key] = strings.TrimSpace(v)
		case map[string]any:
			if err := flatten(words, prefix+key+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s%s: want a text or a mapping, got %v", prefix, key, value)
		}
	}
	return nil
}

// Get returns the text of key with the placeholders in pairs filled in: Get("a.b", "n", "3") puts 3 in place of {n}. A key
// that is missing comes back in brackets, so that it is seen and a test finds it.
func (t Text) Get(key string, pairs ...string) string {
	text, ok := t.words[key]
	if !ok {
		return "[" + key + "]"
	}
	if len(pairs) == 0 {
		return text
	}
	marks := make([]string, len(pairs))
	copy(marks, pairs)
	for i := 0; i+1 < len(marks); i += 2 {
		marks[i] = "{" + marks[i] + "}"
	}
	return strings.NewReplacer(marks...).Replace(text)
}

// Or returns the text of key, or other where there is none: for codes that come from data and may be newer than the wording.
func (t Text) Or(key, other string) string {
	if text, ok := t.words[key]; ok {
		return text
	}
	return other
}

// Has says whether key has a text.
func (t Text) Has(key string) bool {
	_, ok := t.words[key]
	return ok
}

// Keys returns all keys, sorted.
func (t Text) Keys() []string {
	keys := make([]string, 0, len(t.words))
	for k := range t.words {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
