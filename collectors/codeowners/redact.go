package codeowners

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"auditpack/evidence"
)

// redacted stands for what was taken out.
const redacted = "[redacted]"

// rule finds secrets of one sort. A text may be a file as git has it, or the JSON of an answer that shows the file and must stay JSON:
// what is taken out ends at a backslash, unless that writes an ampersand.
type rule struct {
	name    string
	pattern *regexp.Regexp
	mask    func(match string) string
}

// rules are applied in this order. Whoever knows the address of a webhook may post there; go-getter takes credentials from the query of
// a source.
var rules = []rule{
	{"addresses of webhooks, after their host",
		regexp.MustCompile(`https://(?:hooks\.slack\.com|discord(?:app)?\.com/api/webhooks|[a-z0-9.-]+\.webhook\.office\.com|outlook\.office\.com/webhook|` +
			`hooks\.zapier\.com|chat\.googleapis\.com/v1/spaces|events\.pagerduty\.com)/(?:[^\s"'<>\\\x60]|\\u0026)+`),
		func(match string) string { return webhookURL.FindString(match) + "/" + redacted }},
	{"user and password in URLs, or the token in their place",
		regexp.MustCompile(`://[^\s"'<>\\\x60/?#@:]*:[^\s"'<>\\\x60/]+@|https?://[^\s"'<>\\\x60/?#@:]+@`), // ssh://git@ tells no secret
		func(match string) string { return match[:strings.Index(match, "://")] + "://" + redacted + "@" }},
	{"parameters of sources, except " + strings.Join(plainParameters, ", "),
		regexp.MustCompile(`\bsource\s*=\s*\\?"[^"\\\s?]*\?(?:[^"\\\s]|\\u0026)+`), maskQuery},
	{"credentials in queries",
		regexp.MustCompile(`(?:[?&]|\\u0026)(?:aws_access_key_id|aws_access_key_secret|aws_access_token|sshkey)=[^\s"'<>\\\x60&]+`),
		func(match string) string { return match[:strings.IndexByte(match, '=')+1] + redacted }},
}

// plainParameters of a source say what is fetched, and never by whom.
//
// Source: HashiCorp, go-getter README, sections "Protocol-Specific Options" and "Git", as of 2026-11.
var plainParameters = []string{"ref", "depth", "version"}

var parameter = regexp.MustCompile(`([?&]|\\u0026)([^=&\\]+)(=[^&\\]*)?`)

// maskQuery masks the parameters behind the question mark that are not plain.
func maskQuery(match string) string {
	return parameter.ReplaceAllStringFunc(match, func(p string) string {
		m := parameter.FindStringSubmatch(p)
		switch separator, name, value := m[1], m[2], m[3]; {
		case slices.Contains(plainParameters, name):
			return p
		case value == "":
			return separator + redacted
		default:
			return separator + name + "=" + redacted
		}
	})
}

// redact takes the secrets out of text, which was received as original, and says by which rules how many.
func redact(text, original []byte) (clean []byte, done []evidence.Redaction) {
	clean = text
	for _, r := range rules {
		n := int64(0)
		clean = r.pattern.ReplaceAllFunc(clean, func(match []byte) []byte {
			masked := []byte(r.mask(string(match)))
			if !bytes.Equal(masked, match) {
				n++
			}
			return masked
		})
		if n > 0 {
			done = append(done, evidence.Redaction{Rule: r.name, Count: n, Before: evidence.DigestOf(original)})
		}
	}
	return clean, done
}

var credentials = regexp.MustCompile(`://[^/\s]+@`)

// withoutSecrets takes user, password and all but the plain parameters out of the address of a source.
func withoutSecrets(s string) string {
	address, query, _ := strings.Cut(credentials.ReplaceAllString(s, "://"), "?")
	separator := "?"
	for p := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(p, "="); slices.Contains(plainParameters, name) {
			address += separator + p
			separator = "&"
		}
	}
	return address
}
