package bundle

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"sync"

	"github.com/klauspost/compress/flate"
)

// maxDirectoryBytes bounds the memory that a directory takes: a million members.
const maxDirectoryBytes = 256 << 20

// archive is a zip that is read. Its members can be opened also when the layout is not ours, as far as they can be found:
// what is wrong is then in faults, and everything else is still checked.
type archive struct {
	file    io.ReaderAt
	size    int64
	members []member
	other   map[int]*zip.File // members that Go's own reader has to open, because the layout is not ours
	faults  []string          // each way in which the layout is not ours
}

// readArchive finds the members of a zip. The only error is that it cannot be read at all.
func readArchive(f io.ReaderAt, size int64) (*archive, error) {
	a := &archive{file: f, size: size}
	members, offset, err := readDirectory(f, size)
	if err != nil {
		a.faults = append(a.faults, err.Error())
		return a, a.fallBack()
	}
	a.members = members
	if err := a.checkLocals(offset); err != nil {
		a.faults = append(a.faults, err.Error())
		return a, a.fallBack()
	}
	return a, nil
}

// readDirectory reads the central directory and says where it begins. It takes only what appendDirectory writes.
func readDirectory(f io.ReaderAt, size int64) ([]member, int64, error) {
	if size < endBytes {
		return nil, 0, errors.New("file is shorter than an empty zip")
	}
	le := binary.LittleEndian
	tail := make([]byte, min(size, endBytes+locator64Bytes+end64Bytes))
	if err := readAt(f, tail, size-int64(len(tail))); err != nil {
		return nil, 0, err
	}
	end := tail[len(tail)-endBytes:]
	if le.Uint32(end) != endSignature {
		return nil, 0, errors.New("zip does not end in its directory: it is cut off, or something follows it")
	}
	length, offset, ending := int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:])), int64(endBytes)
	if len(tail) == endBytes+locator64Bytes+end64Bytes && le.Uint32(tail) == end64Signature {
		l, o := le.Uint64(tail[40:]), le.Uint64(tail[48:])
		if l > maxDirectoryBytes || o > uint64(size) {
			return nil, 0, fmt.Errorf("directory of %d bytes at %d cannot be", l, o)
		}
		length, offset, ending = int64(l), int64(o), int64(len(tail))
	}
	if length > maxDirectoryBytes {
		return nil, 0, fmt.Errorf("directory has %d bytes, more than the %d we read", length, maxDirectoryBytes)
	}
	if offset+length+ending != size {
		return nil, 0, fmt.Errorf("directory of %d bytes at %d does not reach to the end of the zip", length, offset)
	}
	b := make([]byte, length+ending)
	if err := readAt(f, b, offset); err != nil {
		return nil, 0, err
	}
	var members []member
	for rest := b[:length]; len(rest) > 0; {
		m, after, ok := parseCentral(rest)
		if !ok {
			return nil, 0, fmt.Errorf("directory entry %d is not as we write it", len(members)+1)
		}
		members, rest = append(members, m), after
	}
	if !bytes.Equal(b, appendDirectory(nil, members, offset)) {
		return nil, 0, errors.New("end of the zip is not as we write it")
	}
	return members, offset, nil
}

// checkLocals checks that the members fill the file up to its directory, and that each local header says what the directory
// says.
func (a *archive) checkLocals(directory int64) error {
	at := int64(0)
	for i, m := range a.members {
		if m.offset != at {
			return fmt.Errorf("member %d (%q) begins at byte %d, want %d: members leave gaps or overlap", i+1, m.name, m.offset, at)
		}
		if m.end() > directory {
			return fmt.Errorf("member %d (%q) runs into the directory", i+1, m.name)
		}
		want := appendLocal(nil, m)
		got := make([]byte, len(want))
		if err := readAt(a.file, got, at); err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return fmt.Errorf("local header of member %d (%q) is not the one that the directory asks for", i+1, m.name)
		}
		at = m.end()
	}
	if at != directory {
		return fmt.Errorf("%d bytes between the last member and the directory belong to nothing", directory-at)
	}
	return nil
}

// fallBack lets Go's forgiving reader find the members, so that the rest of a bundle can be checked too.
func (a *archive) fallBack() error {
	z, err := zip.NewReader(a.file, a.size)
	if err != nil {
		return fmt.Errorf("read zip: %w", err)
	}
	a.members, a.other = nil, map[int]*zip.File{}
	for i, f := range z.File {
		a.members = append(a.members, member{name: f.Name, crc: f.CRC32, packed: int64(f.CompressedSize64), size: int64(f.UncompressedSize64)})
		a.other[i] = f
	}
	return nil
}

// open returns the unpacked bytes of member i. They end in an error instead of io.EOF when size or CRC are not those in the
// headers, or packed bytes are left over.
func (a *archive) open(i int) (io.ReadCloser, error) {
	if f := a.other[i]; f != nil {
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("open: %w", err)
		}
		return r, nil
	}
	m := a.members[i]
	u := unpackers.Get().(*unpacker)
	u.packed.Reset(io.NewSectionReader(a.file, m.dataOffset(), m.packed))
	r := &memberReader{member: m, raw: u.packed, unpacker: u}
	if deflated(m.name) {
		if err := u.flate.(flate.Resetter).Reset(u.packed, nil); err != nil {
			return nil, fmt.Errorf("open: %w", err)
		}
		r.raw = u.flate
	}
	return r, nil
}

// unpacker is what it takes to unpack a member, about 100 KiB; bundles have many small members.
type unpacker struct {
	packed *bufio.Reader
	flate  io.Reader
}

var unpackers = sync.Pool{New: func() any {
	return &unpacker{packed: bufio.NewReaderSize(nil, 64<<10), flate: flate.NewReader(nil)}
}}

type memberReader struct {
	member   member
	raw      io.Reader
	unpacker *unpacker // nil once closed
	crc      uint32
	n        int64
	err      error // sticky
}

// Close may be called more than once.
func (r *memberReader) Close() error {
	if r.unpacker != nil {
		r.err = fs.ErrClosed
		unpackers.Put(r.unpacker)
		r.unpacker = nil
	}
	return nil
}

func (r *memberReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, err := r.raw.Read(p)
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
	r.n += int64(n)
	switch {
	case r.n > r.member.size:
		err = fmt.Errorf("unpack: more than the %d bytes that its header has", r.member.size)
	case err == io.EOF:
		err = r.end()
	case err != nil:
		err = fmt.Errorf("unpack: %w", err)
	}
	r.err = err
	return n, err
}

func (r *memberReader) end() error {
	if r.n != r.member.size {
		return fmt.Errorf("unpack: got %d bytes, want %d", r.n, r.member.size)
	}
	if r.crc != r.member.crc {
		return fmt.Errorf("unpack: CRC: got %08x, want %08x", r.crc, r.member.crc)
	}
	if _, err := r.unpacker.packed.ReadByte(); err != io.EOF {
		return errors.New("unpack: packed bytes are left over")
	}
	return io.EOF
}

func readAt(f io.ReaderAt, b []byte, offset int64) error {
	n, err := f.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read %d bytes at %d: %w", len(b), offset, err)
}
