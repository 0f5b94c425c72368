// Package processuse says what this process has used so far: memory, processor time and bytes read. Benchmarks measure themselves with it,
// in a process of its own for each thing that is measured. It times nothing and knows nothing of what the process does.
package processuse

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// PeakMiB is the peak memory of this program, 0 where the system does not say. What a parent learns of its child will not do: Linux
// counts in it what the parent itself had before the child's program began.
func PeakMiB() int64 {
	kib, ok := value("/proc/self/status", "VmHWM:")
	if !ok {
		return 0
	}
	return kib >> 10
}

// ReadBytes is how much this process has read through system calls, -1 where the system does not say.
func ReadBytes() int64 {
	n, ok := value("/proc/self/io", "rchar:")
	if !ok {
		return -1
	}
	return n
}

// CPU is the processor time of this process, user and system, of all threads; 0 where the system does not say.
func CPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// value reads the number behind a key in a file of lines such as "VmHWM:     1234 kB".
func value(file, key string) (int64, bool) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(b)) {
		rest, ok := strings.CutPrefix(line, key)
		fields := strings.Fields(rest)
		if !ok || len(fields) == 0 {
			continue
		}
		n, err := strconv.ParseInt(fields[0], 10, 64)
		return n, err == nil
	}
	return 0, false
}
