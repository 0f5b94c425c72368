package bundle

import "testing"

func BenchmarkVerifySmall(b *testing.B) {
	f := newFixture(b)
	good := readFile(b, create(b, f.options(b)))
	b.ReportMetric(float64(len(good)), "zip-bytes")
	for b.Loop() {
		if r := verifyBytes(b, good, VerifyOptions{Key: f.key.Public()}); !r.OK() {
			b.Fatal(r.Problems)
		}
	}
}
