package vault

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"auditpack/evidence"
	"auditpack/evidence/facts/factstest"
	"auditpack/evidence/memstore"
)

// entityServer is a Vault with many entities; each answer about one goes through answer first, which may take it over.
func entityServer(t *testing.T, n int, answer func(w http.ResponseWriter, i int) bool) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		name, one := strings.CutPrefix(r.URL.Path, "/v1/identity/entity/id/")
		switch {
		case r.URL.Path == "/v1/identity/entity/id":
			var keys []string
			for i := range n {
				keys = append(keys, fmt.Sprintf(`"e-%05d"`, i))
			}
			fmt.Fprintf(w, `{"data":{"keys":[%s]}}`, strings.Join(keys, ","))
		case one:
			var i int
			fmt.Sscanf(name, "e-%d", &i)
			if !answer(w, i) {
				fmt.Fprintf(w, `{"data":{"id":%q,"name":"n","disabled":false,"policies":["p"],"aliases":[],"creation_time":"2026-07-01T08:00:00.123456789Z"}}`, name)
			}
		case r.URL.Query().Has("list"):
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"errors":[]}`)
		default:
			respond(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func refuse(w http.ResponseWriter, status int, text string) bool {
	w.Header().Set("Retry-After", "0")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[%q]}`, text)
	return true
}

// The six ways in which a list of things can go, and what the record and the outcome say of each.
func TestEntities(t *testing.T) {
	for _, tt := range []struct {
		name   string
		n      int
		answer func(w http.ResponseWriter, i int) bool
		want   string // how the outcome begins
		holds  string // and what it contains
		seen   int64  // of all records; 0: no record
		asked  int64  // at most
	}{
		{"more than one record holds", 2300, func(http.ResponseWriter, int) bool { return false }, "ok 2300", "", 2300, 2300},
		{"none", 0, nil, "none 0", "", 0, 0},
		{"fewer are there than were listed", 10, func(w http.ResponseWriter, i int) bool {
			return i%2 == 1 && refuse(w, http.StatusNotFound, "")
		}, "ok 5", "", 5, 10},
		{"some are denied", 10, func(w http.ResponseWriter, i int) bool {
			return i < 5 && refuse(w, http.StatusForbidden, "permission denied")
		}, "denied 5", "and 2 more that failed", 5, 10},
		{"one cannot be read", 10, func(w http.ResponseWriter, i int) bool {
			return i == 3 && refuse(w, http.StatusInternalServerError, "internal error")
		}, "failed 9", `entity "e-00003": status 500`, 9, 10},
		{"gone in the middle", 1000, func(w http.ResponseWriter, i int) bool {
			return i >= 40 && refuse(w, http.StatusServiceUnavailable, "overloaded")
		}, "failed 40", "more were not asked for", 40, 80},
		{"a secret among them", 3, func(w http.ResponseWriter, i int) bool {
			if i == 1 {
				fmt.Fprint(w, `{"data":{"id":"e-00001","nested":[{"client_secret":"hunter2"}]}}`)
			}
			return i == 1
		}, "failed 2", `holds a secret in "client_secret"`, 2, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			server := entityServer(t, tt.n, func(w http.ResponseWriter, i int) bool {
				asked.Add(1)
				return tt.answer(w, i)
			})
			store := memstore.New()
			now := func() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) }
			res := askAt(t, t.Context(), Config{Address: server.URL}, t.TempDir(), map[string]string{"VAULT_TOKEN": token}, store, now)
			got := outcomes(res)["identity/entity/id"]
			if !strings.HasPrefix(got, tt.want) || !strings.Contains(got, tt.holds) || strings.Contains(got, "hunter2") {
				t.Errorf("got %q, want %q with %q", got, tt.want, tt.holds)
			}
			if n := asked.Load(); n > tt.asked*attempts || n < tt.seen {
				t.Errorf("asked %d times, want %d to %d", n, tt.seen, tt.asked*attempts)
			}
			var parts, seen, expected int64
			for _, d := range res.Entry.Records {
				b, err := evidence.ReadAll(t.Context(), store, d, 16<<20)
				if err != nil {
					t.Fatal(err)
				}
				r, err := evidence.DecodeRecord(b)
				if err != nil {
					t.Fatal(err)
				}
				if r.Kind != KindEntities {
					continue
				}
				parts += int64(len(r.Content))
				if len(r.Content) > partsPerRecord {
					t.Errorf("a record has %d parts", len(r.Content))
				}
				seen += *r.Stated.ItemsSeen
				if r.Stated.ItemsExpected != nil {
					expected += *r.Stated.ItemsExpected
				}
				if several := tt.seen >= partsPerRecord; several != strings.Contains(strings.Join(r.Stated.Notes, ""), "of one list") || *r.Stated.ItemsSeen > partsPerRecord {
					t.Errorf("a record states %d items and %q", *r.Stated.ItemsSeen, r.Stated.Notes)
				}
			}
			if tt.n > 0 && expected != int64(tt.n) || seen != tt.seen {
				t.Errorf("all records state %d of %d, want %d of %d", seen, expected, tt.seen, tt.n)
			}
			if tt.n > 0 && parts != tt.seen+1 {
				t.Errorf("got %d parts, want those of %d entities and the list", parts, tt.seen)
			}
			db := factstest.Project(t, store, store)
			factstest.Check(t, db, "select count(*), count(distinct entity_id), count(created_at) from vault_entity", fmt.Sprintf("%d | %[1]d | %[1]d", tt.seen))
		})
	}
}

// TestTokensAfterAReset loses the connection under a look-up, which is a PUT: it is asked again, and the others are asked too.
func TestTokensAfterAReset(t *testing.T) {
	var lost atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1/" + accessorsPath:
			fmt.Fprint(w, `{"data":{"keys":["a","b","c"]}}`)
		case "/v1/" + lookupAccessorPath:
			if lost.CompareAndSwap(false, true) {
				panic(http.ErrAbortHandler) // resets the connection
			}
			fmt.Fprint(w, `{"data":{"display_name":"token"}}`)
		default:
			respond(w, r)
		}
	}))
	t.Cleanup(server.Close)
	res := ask(t, t.Context(), Config{Address: server.URL}, t.TempDir(), map[string]string{"VAULT_TOKEN": token})
	if got := outcomes(res)[accessorsPath]; got != "ok 3" && !strings.HasPrefix(got, "ok 3:") {
		t.Errorf("got %q, want ok 3", got)
	}
}
