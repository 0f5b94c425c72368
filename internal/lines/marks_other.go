//go:build !amd64

package lines

// marksOf looks at all bytes of line.
func marksOf(line []byte) marks { return marksByWord(line) }
