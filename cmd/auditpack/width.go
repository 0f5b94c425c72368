package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// columnGap is what stands between two columns of a table.
const columnGap = "  "

// lineWidth is how many characters a line for people has: as many as COLUMNS says, or as the terminal has. 0 is no bound: what goes to
// another program is not broken.
func lineWidth(w io.Writer) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil {
			return n
		}
	}
	return 0
}

// longWord is as much of a word as stays together where a table would not fit otherwise.
const longWord = 16

// fit gives columns widths with which a line of a table has at most width characters: the widest ones give way first, none of them
// below its longest word, and where that is not enough, none below longWord. It says whether that was enough. rows has the texts of all
// rows, the head among them.
func fit(rows [][]string, width int) (widths []int, fits bool) {
	var words []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths, words = append(widths, 0), append(words, 0)
			}
			for _, line := range strings.Split(cell, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
			for _, word := range strings.Fields(cell) {
				words[i] = max(words[i], utf8.RuneCountInString(word))
			}
		}
	}
	total := len(columnGap) * (len(widths) - 1)
	for _, n := range widths {
		total += n
	}
	for _, least := range []int{math.MaxInt, longWord} {
		for total > width {
			widest := -1
			for i := range widths {
				if widths[i] > min(words[i], least) && (widest < 0 || widths[i] > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
			total--
		}
	}
	return widths, total <= width
}

// cards prints each row of a table on lines of its own, a column a line.
func cards(w io.Writer, rows [][]string) error {
	head, wide := rows[0], 0
	for _, name := range head {
		wide = max(wide, utf8.RuneCountInString(name))
	}
	var out strings.Builder
	for i, row := range rows[1:] {
		if i > 0 {
			out.WriteByte('\n')
		}
		for n, cell := range row {
			if cell != "" {
				name := head[n] + strings.Repeat(" ", wide-utf8.RuneCountInString(head[n]))
				out.WriteString(name + columnGap + strings.ReplaceAll(cell, "\n", "; ") + "\n")
			}
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// folder breaks the lines written to it between words, and sets what follows in deeper than their beginning. A Write is whole lines.
type folder struct {
	w     io.Writer
	width int // 0: nothing is broken
}

func (f folder) Write(p []byte) (int, error) {
	if f.width == 0 {
		return f.w.Write(p)
	}
	var out bytes.Buffer
	for line := range bytes.Lines(p) {
		out.WriteString(foldLine(string(line), f.width))
	}
	if _, err := f.w.Write(out.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

func foldLine(line string, width int) string {
	indent := strings.Repeat(" ", len(line)-len(strings.TrimLeft(line, " "))+2)
	var out strings.Builder
	for utf8.RuneCountInString(strings.TrimRight(line, "\n")) > width {
		runes := []rune(line)
		end := width
		for end > len(indent) && runes[end] != ' ' {
			end--
		}
		if end <= len(indent) { // a word that is wider than the line stays whole
			more := slices.Index(runes[len(indent):], ' ')
			if more < 0 {
				break
			}
			end = len(indent) + more
		}
		out.WriteString(strings.TrimRight(string(runes[:end]), " ") + "\n")
		line = indent + strings.TrimLeft(string(runes[end:]), " ")
	}
	return out.String() + line
}
