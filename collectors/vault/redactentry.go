package vault

import (
	"bytes"
	"fmt"

	"auditpack/internal/jsonfields"
)

// secretFields are the parts of an entry that Vault hashes, with the rule of the texts in them, at any depth. Where an object is due a
// list of some is looked through, too.
//
// Source: Vault documentation, "Audit devices", sensitive information; the members are those of entries of version 1.21. Map keys,
// numbers, truth values, paths, metadata and policies are not hashed, and stay here too; request headers are hashed as configured for
// each, by a device with log_raw too.
var secretFields = []struct{ path, rule string }{
	{"auth.client_token", ruleToken},
	{"auth.accessor", ruleAccessor},
	{"request.client_token", ruleToken},
	{"request.client_token_accessor", ruleAccessor},
	{"request.data", ruleData},
	{"response.auth.client_token", ruleToken},
	{"response.auth.accessor", ruleAccessor},
	{"response.data", ruleData},
	{"response.wrap_info.token", ruleToken},
	{"response.wrap_info.accessor", ruleAccessor},
	{"response.wrap_info.wrapped_accessor", ruleAccessor},
}

var secretTree = mustSecretTree()

// mustSecretTree panics where secretFields are none: a programmer's error, which every test sees.
func mustSecretTree() *jsonfields.Tree {
	var fields []jsonfields.Field
	for _, f := range secretFields {
		path, err := jsonfields.ParsePath(f.path)
		if err != nil {
			panic(fmt.Sprintf("vault: %v", err))
		}
		fields = append(fields, jsonfields.Field{Path: path, ThroughLists: true})
	}
	tree, err := jsonfields.NewTree(fields)
	if err != nil {
		panic(fmt.Sprintf("vault: %v", err))
	}
	return tree
}

// redactEntry returns entry with its secrets replaced, and counts them by rule. All other bytes stay as they are. An entry without
// secrets is returned itself; ok is false for what is no JSON object in UTF-8. A text that is hashed, or empty, is no secret.
func redactEntry(entry []byte, counts map[string]int64) (clean []byte, ok bool) {
	found := map[string]int64{}
	out, changed, ok := secretTree.Rewrite(nil, entry, func(fields []int, value []byte) ([]byte, bool) {
		if value[0] != '"' || len(value) == 2 || bytes.HasPrefix(value[1:], hashed) {
			return nil, false
		}
		found[secretFields[fields[0]].rule]++
		return redactedValue, true
	})
	if !ok {
		return nil, false
	}
	for rule, n := range found {
		counts[rule] += n
	}
	if !changed {
		return entry, true
	}
	return out, true
}
