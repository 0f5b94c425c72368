package vault

import (
	"bytes"
	"errors"
	"io"
)

// settle finds out what a content is that ends between two marks of a stream: a part of what was collected, such as the cut .gz
// beside its plain file or a copy that is being made, or a log that began alike. Marks cannot say it, but the file that the
// stream was found in can, when it is still there. Without it the content is taken for another one after the mark: a line that
// is collected twice does less harm than one that is not.
func (l *logs) settle(content *content, place found) (found, error) {
	path, ok := l.paths[place.stream]
	if !ok {
		place.changed = true
		return place, nil
	}
	file, err := l.open(path)
	if err != nil {
		return found{}, err
	}
	defer file.Close()
	how, err := detect(file)
	if err != nil {
		return found{}, err
	}
	other, err := openContent(file, how)
	if err != nil {
		return found{}, err
	}
	defer other.close()
	if err := other.goTo(place.at.Offset); err != nil {
		return found{}, err
	}
	same, from, err := common(content, other, place.at)
	if err != nil {
		return found{}, err
	}
	if !same {
		place.changed, place.from = true, from
		if err := content.rewind(); err != nil {
			return found{}, err
		}
		return place, content.goTo(from.Offset)
	}
	return place, nil
}

// common says whether content, which is at the mark at, is to its end the same as the beginning of other. If not, from is the
// last line end up to which it is.
func common(content, other io.Reader, at mark) (same bool, from mark, err error) {
	from = mark{Offset: at.Offset, Line: at.Line}
	seen := from // how far both were read
	a, b := make([]byte, windowBytes), make([]byte, windowBytes)
	for {
		n, errA := io.ReadFull(content, a)
		m, errB := io.ReadFull(other, b[:n])
		equal := 0
		for equal < min(n, m) && a[equal] == b[equal] {
			equal++
		}
		if i := bytes.LastIndexByte(a[:equal], '\n'); i >= 0 {
			from.Offset = seen.Offset + int64(i) + 1
			from.Line = seen.Line + int64(bytes.Count(a[:i+1], []byte{'\n'}))
		}
		seen.Offset += int64(equal)
		seen.Line += int64(bytes.Count(a[:equal], []byte{'\n'}))
		switch {
		case equal < n && errB != nil && !isEnd(errB) && !errors.Is(errB, io.ErrUnexpectedEOF):
			return false, from, errB
		case equal < n:
			return false, from, nil
		case errA != nil && !isEnd(errA) && !errors.Is(errA, io.ErrUnexpectedEOF):
			return false, from, errA
		case errA != nil:
			return true, from, nil
		}
	}
}
