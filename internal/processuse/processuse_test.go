package processuse

import (
	"os"
	"runtime"
	"testing"
)

func TestUse(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says all of it")
	}
	before := ReadBytes()
	if _, err := os.ReadFile("processuse_test.go"); err != nil {
		t.Fatal(err)
	}
	if after := ReadBytes(); before < 0 || after <= before {
		t.Errorf("bytes read: got %d, then %d", before, after)
	}
	if peak := PeakMiB(); peak < 1 || peak > 1<<20 {
		t.Errorf("peak memory: got %d MiB", peak)
	}
	for CPU() == 0 { // some of the clock's ticks
	}
	if n, ok := value("/proc/self/status", "NoSuchKey:"); ok {
		t.Errorf("a key that is not there: got %d", n)
	}
}
