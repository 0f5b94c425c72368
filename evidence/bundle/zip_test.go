package bundle

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestZipIsReadByOthers checks that our layout is a zip like any other to Go's reader.
func TestZipIsReadByOthers(t *testing.T) {
	in := content{{"bagit.txt", []byte(bagitText)}, {"data/a.parquet", []byte("PAR1")}, {"data/b.json", []byte(strings.Repeat("{}", 1000))}, {"data/empty", nil}}
	b := pack(t, in)
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != in[i].name || !bytes.Equal(got, in[i].b) {
			t.Errorf("member %d: got %q with %d bytes", i, f.Name, len(got))
		}
		if f.Mode() != 0o644 || f.Modified.Year() != 1980 && f.Modified.Year() != 1979 {
			t.Errorf("%s: mode %v, time %v", f.Name, f.Mode(), f.Modified)
		}
	}
	a, err := readArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(a.faults) > 0 {
		t.Errorf("our own reader: %v, %v", err, a.faults)
	}
}

// TestManyMembers has more members than a plain zip can count.
func TestManyMembers(t *testing.T) {
	in := make(content, 70_000)
	for i := range in {
		in[i] = packed{name: fmt.Sprintf("data/facts/%06d.parquet", i)}
	}
	b := pack(t, in)
	a, err := readArchive(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(a.faults) > 0 || len(a.members) != len(in) {
		t.Fatalf("got %d members, %v, %v", len(a.members), err, a.faults)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil || len(z.File) != len(in) {
		t.Errorf("Go's reader: %v", err)
	}
	b[len(b)-endBytes-locator64Bytes-30] ^= 1
	if a, err := readArchive(bytes.NewReader(b), int64(len(b))); err == nil && len(a.faults) == 0 {
		t.Error("a flipped bit in the zip64 record is not found")
	}
}

// TestBeyondFourGigabytes lays a directory behind members that lie, in a sparse file, beyond what 32 bits can say.
func TestBeyondFourGigabytes(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "sparse.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const large = 3 << 30
	var members []member
	at := int64(0)
	for _, name := range []string{"data/a.parquet", "data/b.parquet", "data/c.parquet"} {
		m := member{name: name, packed: large, size: large, offset: at}
		if _, err := f.WriteAt(appendLocal(nil, m), at); err != nil {
			t.Fatal(err)
		}
		members = append(members, m)
		at = m.end()
	}
	directory := appendDirectory(nil, members, at)
	if _, err := f.WriteAt(directory, at); err != nil {
		t.Fatal(err)
	}
	a, err := readArchive(f, at+int64(len(directory)))
	if err != nil || len(a.faults) > 0 {
		t.Fatalf("got %v, %v", err, a.faults)
	}
	if diff := cmp.Diff(members, a.members, cmp.AllowUnexported(member{})); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	z, err := zip.NewReader(f, at+int64(len(directory)))
	if err != nil {
		t.Fatal(err)
	}
	if offset, err := z.File[2].DataOffset(); err != nil || offset != members[2].dataOffset() {
		t.Errorf("Go's reader: member 3 at %d, %v; want %d", offset, err, members[2].dataOffset())
	}
}

func TestParseManifest(t *testing.T) {
	a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
	for name, c := range map[string]struct{ text, want string }{
		"good":            {a + "  data/a\n" + b + "  data/b\n", ""},
		"empty":           {"", ""},
		"no newline":      {a + "  data/a", "not in canonical form"},
		"one space":       {a + " data/a\n", "line 1"},
		"binary mark":     {a + " *data/a\n", "line 1"},
		"upper case":      {strings.ToUpper(a) + "  data/a\n", "line 1"},
		"not in order":    {a + "  data/b\n" + b + "  data/a\n", "line 2"},
		"twice":           {a + "  data/a\n" + b + "  data/a\n", "line 2"},
		"upwards":         {a + "  ../a\n", "line 1"},
		"absolute":        {a + "  /etc/passwd\n", "line 1"},
		"carriage return": {a + "  data/a\r\n", "line 1"},
		"blank line":      {a + "  data/a\n\n", "line 2"},
	} {
		_, err := parseManifest([]byte(c.text))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  data/a\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		lines, err := parseManifest(b)
		if err == nil && !bytes.Equal(encodeManifest(lines), b) {
			t.Errorf("%q is accepted, and written as %q", b, encodeManifest(lines))
		}
	})
}

// FuzzVerify checks that no zip makes Verify fail otherwise than with problems, and that only the good bundle verifies.
func FuzzVerify(f *testing.F) {
	fixture := newFixture(f)
	good := readFile(f, create(f, fixture.options(f)))
	f.Add(good)
	f.Add([]byte{})
	f.Add(appendDirectory(nil, nil, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r := verifyBytes(t, b, VerifyOptions{Key: fixture.key.Public()}); r.OK() && !bytes.Equal(b, good) {
			t.Error("another file verifies")
		}
	})
}
