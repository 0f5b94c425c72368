package bundle

import (
	"bytes"
	"encoding/binary"
)

// The layout of the zip. Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3. Everything that a zip leaves open is
// fixed here, so that headers and directory follow from the members alone and can be compared byte for byte.
const (
	localSignature     = 0x04034b50
	centralSignature   = 0x02014b50
	endSignature       = 0x06054b50
	end64Signature     = 0x06064b50
	locator64Signature = 0x07064b50

	localBytes     = 30
	centralBytes   = 46
	endBytes       = 22
	end64Bytes     = 56
	locator64Bytes = 20

	versionPlain = 20 // deflate, folders
	version64    = 45 // zip64
	madeByUnix   = 3<<8 | versionPlain
	fixedDate    = 1<<5 | 1 // 1 January 1980, the first day a zip knows; its time is 0
	fixedMode    = 0o100644 << 16

	methodStored  = 0
	methodDeflate = 8

	max16 = 1<<16 - 1
	max32 = 1<<32 - 1

	// maxMemberBytes bounds raw and compressed size of a member, so that no local header ever needs zip64. Segments of logs
	// are 64 MiB.
	maxMemberBytes = 1<<32 - 1<<20
)

// member is one file of the zip, as its headers describe it.
type member struct {
	name   string
	crc    uint32
	packed int64 // bytes in the zip
	size   int64 // bytes when unpacked
	offset int64 // of the local header
}

// dataOffset is where the member's packed bytes begin.
func (m member) dataOffset() int64 { return m.offset + localBytes + int64(len(m.name)) }

// end is where the member's packed bytes end, and the next thing begins.
func (m member) end() int64 { return m.dataOffset() + m.packed }

func (m member) method() uint16 {
	if deflated(m.name) {
		return methodDeflate
	}
	return methodStored
}

// appendLocal appends the local header of m.
func appendLocal(b []byte, m member) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, localSignature)
	b = le.AppendUint16(b, versionPlain)
	b = le.AppendUint16(b, 0) // flags: sizes are here, not behind the data
	b = le.AppendUint16(b, m.method())
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, fixedDate)
	b = le.AppendUint32(b, m.crc)
	b = le.AppendUint32(b, uint32(m.packed))
	b = le.AppendUint32(b, uint32(m.size))
	b = le.AppendUint16(b, uint16(len(m.name)))
	b = le.AppendUint16(b, 0) // no extra field
	return append(b, m.name...)
}

// appendDirectory appends the central directory of members and the end of the zip; the directory begins at offset.
func appendDirectory(b []byte, members []member, offset int64) []byte {
	start := len(b)
	for _, m := range members {
		b = appendCentral(b, m)
	}
	size := int64(len(b) - start)
	count := int64(len(members))
	le := binary.LittleEndian
	if count >= max16 || size >= max32 || offset >= max32 {
		end := offset + size
		b = le.AppendUint32(b, end64Signature)
		b = le.AppendUint64(b, end64Bytes-12) // of what follows
		b = le.AppendUint16(b, 3<<8|version64)
		b = le.AppendUint16(b, version64)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(count))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(offset))

		b = le.AppendUint32(b, locator64Signature)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(end))
		b = le.AppendUint32(b, 1)
	}
	b = le.AppendUint32(b, endSignature)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, uint16(min(count, max16)))
	b = le.AppendUint16(b, uint16(min(count, max16)))
	b = le.AppendUint32(b, uint32(min(size, max32)))
	b = le.AppendUint32(b, uint32(min(offset, max32)))
	return le.AppendUint16(b, 0) // no comment
}

func appendCentral(b []byte, m member) []byte {
	le := binary.LittleEndian
	version, extra := uint16(versionPlain), uint16(0)
	if m.offset >= max32 {
		version, extra = version64, 12
	}
	b = le.AppendUint32(b, centralSignature)
	b = le.AppendUint16(b, madeByUnix)
	b = le.AppendUint16(b, version)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, m.method())
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, fixedDate)
	b = le.AppendUint32(b, m.crc)
	b = le.AppendUint32(b, uint32(m.packed))
	b = le.AppendUint32(b, uint32(m.size))
	b = le.AppendUint16(b, uint16(len(m.name)))
	b = le.AppendUint16(b, extra)
	b = le.AppendUint16(b, 0) // no comment
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint32(b, fixedMode)
	b = le.AppendUint32(b, uint32(min(m.offset, max32)))
	b = append(b, m.name...)
	if extra > 0 {
		b = le.AppendUint16(b, 1)
		b = le.AppendUint16(b, 8)
		b = le.AppendUint64(b, uint64(m.offset))
	}
	return b
}

// parseCentral reads the first entry of a central directory and returns the rest. It takes only what appendCentral writes.
func parseCentral(b []byte) (m member, rest []byte, ok bool) {
	le := binary.LittleEndian
	if len(b) < centralBytes || le.Uint32(b) != centralSignature {
		return member{}, nil, false
	}
	nameEnd := centralBytes + int(le.Uint16(b[28:]))
	end := nameEnd + int(le.Uint16(b[30:])) + int(le.Uint16(b[32:]))
	if len(b) < end {
		return member{}, nil, false
	}
	m = member{
		name: string(b[centralBytes:nameEnd]), crc: le.Uint32(b[16:]), packed: int64(le.Uint32(b[20:])),
		size: int64(le.Uint32(b[24:])), offset: int64(le.Uint32(b[42:])),
	}
	if m.offset == max32 && end-nameEnd == 12 {
		offset := le.Uint64(b[nameEnd+4:])
		if offset > 1<<62 {
			return member{}, nil, false
		}
		m.offset = int64(offset)
	}
	return m, b[end:], bytes.Equal(b[:end], appendCentral(nil, m))
}
