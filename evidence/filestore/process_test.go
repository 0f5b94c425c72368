package filestore

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"auditpack/evidence"
	"auditpack/evidence/storetest"
)

// appendFolder tells a copy of the test binary to be one of the processes of TestProcessesAppendAtOnce.
const appendFolder = "AUDITPACK_TEST_APPEND_FOLDER"

const appendsEach = 15

// TestProcessesAppendAtOnce lets real processes append to one journal, each to a source of its own and all to a shared one.
func TestProcessesAppendAtOnce(t *testing.T) {
	if dir := os.Getenv(appendFolder); dir != "" {
		appendAsProcess(t, dir)
		return
	}
	s := newStore(t)
	const processes = 3
	var wg sync.WaitGroup
	for range processes {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProcessesAppendAtOnce$")
			cmd.Env = append(os.Environ(), appendFolder+"="+s.Dir())
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	size, err := s.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last, shared := map[string]int64{}, 0
	for e, err := range s.Entries(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if e.SourcePrevious != last[e.Source] {
			t.Errorf("entry %d of %q starts from %d, want %d", e.Number, e.Source, e.SourcePrevious, last[e.Source])
		}
		last[e.Source] = e.Number
		if e.Source == "shared" {
			shared++
		}
	}
	if want := int64(processes*appendsEach + shared); size != want || shared == 0 || len(last) != processes+1 {
		t.Errorf("got %d entries of %d sources, %d of them shared; want %d", size, len(last), shared, want)
	}
	faults, err := Fsck(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		if f.Kind != FaultRecordMissing { // the entries name records that nobody put
			t.Errorf("fault: %v", f)
		}
	}
}

func appendAsProcess(t *testing.T, dir string) {
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	own := fmt.Sprintf("process-%d", os.Getpid())
	for range appendsEach {
		for _, source := range []string{own, "shared"} {
			last, err := s.Last(t.Context(), source)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Append(t.Context(), storetest.Collection(source, last.Number))
			if err != nil && (source == own || !errors.Is(err, evidence.ErrConflict)) {
				t.Error(err)
			}
		}
	}
}
