package redaction

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
)

// vaultLine is an entry of an audit log, with as much in it as real ones have (Vault 1.21, names made up).
func vaultLine(n int) string {
	hash := func(c string) string { return `"hmac-sha256:` + strings.Repeat(c, 64) + `"` }
	return fmt.Sprintf(`{"auth":{"accessor":%s,"client_token":%s,"display_name":"userpass-user%d","entity_id":"6b0e","metadata":{"username":"user%d"},"policies":["default","dev"],`+
		`"policy_results":{"allowed":true,"granting_policies":[{"name":"dev","namespace_id":"root","type":"acl"}]},"token_ttl":2764800,"token_type":"service"},`+
		`"request":{"client_token":%s,"client_token_accessor":%s,"id":"%032x","mount_point":"secret/","namespace":{"id":"root"},"operation":"read","path":"secret/data/app","remote_address":"10.0.%d.7","remote_port":40000},`+
		`"response":{"data":{"data":{"key0":%s,"key1":%s,"key2":%s,"key3":%s}},"mount_type":"kv"},"time":"2026-07-01T08:00:00.%09dZ","type":"response"}`+"\n",
		hash("a"), hash("b"), n%400, n%400, hash("c"), hash("d"), n, n%200, hash("e"), hash("f"), hash("0"), hash("1"), n)
}

// BenchmarkPut is what rules cost a Vault log, beside hashing it.
func BenchmarkPut(b *testing.B) {
	var log bytes.Buffer
	for n := 0; log.Len() < 32<<20; n++ {
		log.WriteString(vaultLine(n))
	}
	c := begin(b, nil, Rule{ID: "names", Field: "auth.display_name", Pattern: "^[a-z0-9_]+-(.+)$", Action: Pseudonym},
		Rule{ID: "addresses", Field: "request.remote_address", Action: Pseudonym}, Rule{ID: "metadata", Field: "auth.metadata", Action: Drop})
	for _, how := range []struct {
		name string
		read func() io.Reader
	}{
		{"hashed alone", func() io.Reader { return bytes.NewReader(log.Bytes()) }},
		{"with three rules", func() io.Reader {
			return c.Put("vault.audit-log/1", "audit.log", ndjson, bytes.NewReader(log.Bytes()))
		}},
	} {
		b.Run(how.name, func(b *testing.B) {
			b.SetBytes(int64(log.Len()))
			for b.Loop() {
				if _, err := io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{how.read()}, make([]byte, 256<<10)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
