package vault

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The paths of accessors. The list is root-protected, and its name in a policy ends in a slash.
const (
	accessorsPath      = "auth/token/accessors"
	lookupAccessorPath = "auth/token/lookup-accessor"
)

// defaultMaxTokens is how many tokens of a namespace are looked up where the source says nothing: some seconds of asking.
const defaultMaxTokens = 1000

// tokens lists the accessors of all tokens and looks up what is behind them: policies, expiry, who. An accessor is no token, and
// the answer to a lookup has none. With more accessors than the limit, the first in their own order are looked up: an accessor is
// random, so that is a choice of nobody.
//
// Source: Vault API, "Token auth method", list accessors and lookup a token (accessor). Batch tokens have no accessor.
func (a area) tokens(ctx context.Context) (int64, error) {
	body, at, accessors, err := a.keys(ctx, accessorsPath, "list", "sudo")
	if err != nil || body == nil {
		return 0, err
	}
	list, err := a.put(ctx, KindTokens, a.name(accessorsPath), body)
	if err != nil {
		return 0, err
	}
	slices.Sort(accessors)
	total := len(accessors)
	chosen := accessors[:min(a.maxTokens, total)]
	m := many{
		kind: KindTokens, noun: "token with accessor", list: list, at: at, names: chosen, total: int64(total),
		procedure: a.request(accessorsPath+"?list=true", fmt.Sprintf("the accessors of all tokens, then PUT /v1/%s, which changes nothing, for %d of %d, in the order of the accessors", lookupAccessorPath, len(chosen), total)),
		allow:     a.allow(lookupAccessorPath, "update"),
		call: func(accessor string) call {
			body, _ := json.Marshal(map[string]string{"accessor": accessor}) // two texts: no error
			return call{namespace: a.namespace, path: lookupAccessorPath, body: body}
		},
		partName: func(accessor string) string { return a.name(lookupAccessorPath + "/" + accessor) },
		ended:    tokenEnded,
	}
	if len(chosen) < total {
		m.notes = []string{fmt.Sprintf("looked at %d of %d tokens: max_tokens of the source", len(chosen), total)}
	}
	return a.each(ctx, m)
}

// tokenEnded says whether err is that of looking up a token that is no more.
//
// Source: Vault 1.21 answers 400 "invalid accessor", and 403 "bad token" for one that is expiring; other versions 404.
func tokenEnded(err error) bool {
	switch statusOf(err) {
	case http.StatusNotFound:
		return true
	case http.StatusBadRequest:
		return strings.Contains(err.Error(), "invalid accessor")
	case http.StatusForbidden:
		return strings.Contains(err.Error(), "bad token")
	}
	return false
}
