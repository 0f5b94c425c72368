package codeowners

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/google/go-cmp/cmp"
)

// Forced back and pushed again, the older commits keep the times at which they came, or none.
func TestDate(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 7, day, 0, 0, 0, 0, time.UTC) }
	hash := func(i int) string { return strings.Repeat(strconv.Itoa(i), 40) }
	tests := map[string]struct {
		pushes []push
		want   []int // days; 0: not known
	}{
		"grew":                        {[]push{{hash(0), hash(2), at(2)}, {hash(2), hash(3), at(3)}}, []int{0, 2, 2, 3}},
		"went back":                   {[]push{{hash(3), hash(1), at(9)}}, []int{0, 0, 0, 0}},
		"went back, and was restored": {[]push{{hash(2), hash(3), at(3)}, {hash(3), hash(1), at(8)}, {hash(1), hash(3), at(9)}}, []int{0, 0, 9, 3}},
		"stayed":                      {[]push{{hash(2), hash(2), at(9)}}, []int{0, 0, 0, 0}},
		"from elsewhere":              {[]push{{hash(8), hash(2), at(9)}}, []int{0, 0, 9, 0}},
		"to elsewhere":                {[]push{{hash(2), hash(8), at(9)}}, []int{0, 0, 0, 0}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := &branch{}
			for i := range 4 {
				b.line = append(b.line, step{hash: plumbing.NewHash(hash(i))})
			}
			b.date(tt.pushes)
			var got []int
			for _, s := range b.line {
				day := 0
				if s.pushed != nil {
					day = s.pushed.Day()
				}
				got = append(got, day)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("days (-want +got):\n%s", diff)
			}
		})
	}
}
