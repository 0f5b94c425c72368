package xlsx

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"regexp"
	"slices"
)

// contentTypes names what is in the package; it comes first, as spreadsheet programs write it.
const contentTypes = "[Content_Types].xml"

var defaultType = regexp.MustCompile(`<Default [^>]*>(?:</Default>)?`)

// settle writes the workbook with its members in the order of their names: excelize orders streamed sheets, and the types of
// file extensions, differently from run to run.
func settle(w io.Writer, workbook []byte) error {
	in, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		return fmt.Errorf("read workbook: %w", err)
	}
	slices.SortFunc(in.File, func(x, y *zip.File) int {
		return cmp.Or(boolOrder(x.Name == contentTypes, y.Name == contentTypes), cmp.Compare(x.Name, y.Name))
	})
	out := zip.NewWriter(w)
	for _, member := range in.File {
		if err := settleMember(out, member); err != nil {
			return fmt.Errorf("write member %q: %w", member.Name, err)
		}
	}
	return out.Close()
}

func boolOrder(x, y bool) int {
	switch {
	case x && !y:
		return -1
	case y && !x:
		return 1
	}
	return 0
}

func settleMember(out *zip.Writer, member *zip.File) error {
	r, err := member.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := out.CreateHeader(&zip.FileHeader{Name: member.Name, Method: zip.Deflate}) // no time: that of the run says nothing
	if err != nil {
		return err
	}
	if member.Name != contentTypes {
		_, err := io.Copy(w, r)
		return err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	types := defaultType.FindAll(b, -1)
	sorted := slices.Clone(types)
	slices.SortFunc(sorted, bytes.Compare)
	i := 0
	_, err = w.Write(defaultType.ReplaceAllFunc(b, func([]byte) []byte {
		i++
		return sorted[i-1]
	}))
	return err
}
