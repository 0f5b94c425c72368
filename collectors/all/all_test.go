package all_test

import (
	"slices"
	"testing"

	"auditpack/collectors/all"
)

// A window names evidence that its collector adds, or nobody could say when it was reached.
func TestWindowsNameKindsOfTheirCollector(t *testing.T) {
	for _, typ := range all.Types() {
		for _, w := range typ.Forgets {
			if !slices.Contains(typ.Kinds, w.Kind) {
				t.Errorf("%s: %s: kind %q is none of %v", typ.Name, w.What, w.Kind, typ.Kinds)
			}
			if w.What == "" || w.Why == "" || w.Keeps < 0 {
				t.Errorf("%s: window without words: %+v", typ.Name, w)
			}
		}
	}
}
