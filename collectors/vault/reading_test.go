package vault

import "testing"

// Segments are no larger than asked for, and none is left over.
func TestEvenly(t *testing.T) {
	const mib = 1 << 20
	for _, tt := range []struct{ size, most, want int64 }{
		{0, 64 * mib, 64 * mib},
		{64 * mib, 64 * mib, 64 * mib},
		{64*mib + 1, 64 * mib, 32*mib + 1},
		{100 * mib, 64 * mib, 50 * mib},
		{129 * mib, 64 * mib, 129 * mib / 4},
		{960 * mib, 64 * mib, 60 * mib},
		{1024 * mib, 64 * mib, 64 * mib},
	} {
		got := evenly(tt.size, tt.most)
		if got != tt.want {
			t.Errorf("%d bytes in segments of at most %d: got %d, want %d", tt.size, tt.most, got, tt.want)
		}
	}
}
