package boundary

import (
	"errors"
	"fmt"

	"auditpack/evidence"
	"auditpack/internal/jsonfields"
)

// redacted stands in place of a value that was taken out.
var redacted = []byte(`"[redacted]"`)

// redact takes the values of key out of a JSON document, wherever it stands, and leaves every other byte as it is. Null and empty values
// stay. The redaction's Count is 0 when there was nothing to take out.
func redact(body []byte, key string) ([]byte, evidence.Redaction, error) {
	redaction := evidence.Redaction{Rule: "values of " + key, Before: evidence.DigestOf(body)}
	tree, err := treeOf(key)
	if err != nil {
		return nil, redaction, fmt.Errorf("take out %s: %w", key, err)
	}
	out, changed, ok := tree.Rewrite(nil, body, func(_ []int, value []byte) ([]byte, bool) {
		if s := string(value); s == "null" || s == `""` {
			return nil, false
		}
		redaction.Count++
		return redacted, true
	})
	if !ok {
		return nil, redaction, fmt.Errorf("take out %s: %w", key, errNoDocument)
	}
	if !changed {
		return body, redaction, nil
	}
	return out, redaction, nil
}

var errNoDocument = errors.New("the answer is no JSON object or list in UTF-8")

func treeOf(key string) (*jsonfields.Tree, error) {
	path, err := jsonfields.ParsePath("**." + string(jsonfields.Quote(key)))
	if err != nil {
		return nil, err
	}
	return jsonfields.NewTree([]jsonfields.Field{{Path: path, Whole: true}})
}
