package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"auditpack/reports"
)

// finish adds to the drawn pages what maroto cannot: links, bookmarks, document properties. It then writes the objects in the
// order in which they are reached from the root, since maroto's order, names and dates differ from run to run.
func finish(drawn []byte, d reports.Document, pages []*sheet, places map[string]place, entries []entry) ([]byte, error) {
	ctx, err := api.ReadContext(bytes.NewReader(drawn), configuration())
	if err != nil {
		return nil, fmt.Errorf("read drawn pages: %w", err)
	}
	root, err := ctx.Catalog()
	if err != nil {
		return nil, fmt.Errorf("read drawn pages: %w", err)
	}
	b := &book{ctx: ctx, d: d, next: *ctx.Size, places: places, added: map[int]types.Object{}}
	if b.pages, err = pageObjects(ctx, root); err != nil {
		return nil, err
	}
	if len(b.pages) != len(pages) {
		return nil, fmt.Errorf("drew %d pages, want %d", len(b.pages), len(pages))
	}
	for i, p := range pages {
		if err := b.link(i, p); err != nil {
			return nil, err
		}
	}
	if outlines := b.outlines(entries); outlines != nil {
		root["Outlines"] = *outlines
		root["PageMode"] = types.Name("UseOutlines")
	}
	root["Lang"] = types.StringLiteral(d.Language)
	root["ViewerPreferences"] = types.Dict{"DisplayDocTitle": types.Boolean(true)}
	return b.write(*ctx.Root, b.add(b.properties()))
}

// configuration is made here, since pdfcpu's own default reads and writes a folder of the user.
func configuration() *model.Configuration {
	return &model.Configuration{Reader15: true, ValidationMode: model.ValidationRelaxed, Offline: true, Limits: model.DefaultResourceLimits()}
}

// book adds objects to a file that was read, and writes it.
type book struct {
	ctx    *model.Context
	d      reports.Document
	pages  []types.IndirectRef
	places map[string]place
	next   int
	added  map[int]types.Object
}

// pageObjects returns the pages in order.
func pageObjects(ctx *model.Context, root types.Dict) ([]types.IndirectRef, error) {
	var out []types.IndirectRef
	var walk func(o types.Object) error
	walk = func(o types.Object) error {
		ref, ok := o.(types.IndirectRef)
		if !ok {
			return fmt.Errorf("read drawn pages: page tree holds a %T", o)
		}
		dict, err := ctx.DereferenceDict(ref)
		if err != nil {
			return fmt.Errorf("read drawn pages: %w", err)
		}
		kids, ok := dict["Kids"].(types.Array)
		if !ok {
			out = append(out, ref)
			return nil
		}
		for _, kid := range kids {
			if err := walk(kid); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(root["Pages"]); err != nil {
		return nil, err
	}
	return out, nil
}

func (b *book) add(o types.Object) types.IndirectRef {
	number := b.next
	b.next++
	b.added[number] = o
	return *types.NewIndirectRef(number, 0)
}

// points turns a place on a page into the coordinates of PDF: points from the lower left corner.
func points(x, y float64) (types.Float, types.Float) {
	return types.Float(x / pointsToMM), types.Float((pageHeight - y) / pointsToMM)
}

func (b *book) destination(p place) types.Array {
	_, y := points(0, max(0, p.y-4))
	return types.Array{b.pages[p.page], types.Name("XYZ"), types.Integer(0), y, nil}
}

// link adds the links of a page. One that leads nowhere is left out: its text is still there.
func (b *book) link(index int, p *sheet) error {
	var annotations types.Array
	for _, j := range p.jumps {
		target, ok := b.places[j.target]
		if !ok {
			continue
		}
		x1, y1 := points(j.x, j.y+j.h)
		x2, y2 := points(j.x+j.w, j.y)
		annotations = append(annotations, b.add(types.Dict{
			"Type": types.Name("Annot"), "Subtype": types.Name("Link"), "Border": types.Array{types.Integer(0), types.Integer(0), types.Integer(0)},
			"Rect": types.Array{x1, y1, x2, y2}, "Dest": b.destination(target), "F": types.Integer(4),
		}))
	}
	if len(annotations) == 0 {
		return nil
	}
	page, err := b.ctx.DereferenceDict(b.pages[index])
	if err != nil {
		return fmt.Errorf("read drawn page %d: %w", index+1, err)
	}
	page["Annots"] = annotations
	return nil
}

// bookmark is a heading with those under it.
type bookmark struct {
	entry entry
	under []*bookmark
}

// outlines adds the tree of bookmarks and returns its root, nil without headings.
func (b *book) outlines(entries []entry) *types.IndirectRef {
	top := &bookmark{}
	open := []*bookmark{top}
	for _, e := range entries {
		for len(open) > 1 && open[len(open)-1].entry.level >= e.level {
			open = open[:len(open)-1]
		}
		mark := &bookmark{entry: e}
		parent := open[len(open)-1]
		parent.under = append(parent.under, mark)
		open = append(open, mark)
	}
	if len(top.under) == 0 {
		return nil
	}
	dict := types.Dict{"Type": types.Name("Outlines")}
	ref := b.add(dict)
	b.hang(ref, dict, top.under)
	dict["Count"] = types.Integer(len(top.under))
	return &ref
}

// hang links the bookmarks under one parent to it and to each other. They are closed at first.
func (b *book) hang(parent types.IndirectRef, dict types.Dict, marks []*bookmark) {
	refs := make([]types.IndirectRef, len(marks))
	dicts := make([]types.Dict, len(marks))
	for i, m := range marks {
		dicts[i] = types.Dict{"Title": textString(m.entry.title), "Parent": parent, "Dest": b.destination(m.entry.at)}
		refs[i] = b.add(dicts[i])
	}
	for i, m := range marks {
		if i > 0 {
			dicts[i]["Prev"] = refs[i-1]
		}
		if i+1 < len(marks) {
			dicts[i]["Next"] = refs[i+1]
		}
		if len(m.under) > 0 {
			b.hang(refs[i], dicts[i], m.under)
			dicts[i]["Count"] = types.Integer(-len(m.under))
		}
	}
	dict["First"], dict["Last"] = refs[0], refs[len(refs)-1]
}

// textString is text as PDF writes it outside of pages: UTF-16 with a mark.
func textString(s string) types.HexLiteral {
	var out strings.Builder
	out.WriteString("FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&out, "%04X", u)
	}
	return types.HexLiteral(out.String())
}

func (b *book) properties() types.Dict {
	date := types.StringLiteral(pdfDate(b.d.AsOf))
	return types.Dict{
		"Title": textString(b.d.Title), "Subject": textString(b.d.Subtitle), "Creator": textString("auditpack"), "Producer": textString("auditpack, maroto, pdfcpu"),
		"CreationDate": date, "ModDate": date,
	}
}

func pdfDate(t time.Time) string { return t.UTC().Format("D:20060102150405Z") }

// write gives the objects new numbers in the order in which they are reached and writes the file.
func (b *book) write(root, info types.IndirectRef) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	w := &writer{b: b, numbers: map[int]int{}}
	rootRef, infoRef := w.renumber(root), w.renumber(info)
	var offsets []int
	for i := 0; i < len(w.queue); i++ { // grows as objects name others
		o, err := b.object(w.queue[i])
		if err != nil {
			return nil, err
		}
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n", i+1)
		if err := w.object(&out, o); err != nil {
			return nil, err
		}
		out.WriteString("\nendobj\n")
	}
	id := sha256.Sum256(out.Bytes())
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&out, "trailer\n<</ID[<%x><%x>]/Info %s/Root %s/Size %d>>\nstartxref\n%d\n%%%%EOF\n", id[:16], id[:16], infoRef.PDFString(), rootRef.PDFString(), len(offsets)+1, start)
	return out.Bytes(), nil
}

func (b *book) object(number int) (types.Object, error) {
	if o, ok := b.added[number]; ok {
		return o, nil
	}
	o, err := b.ctx.Dereference(*types.NewIndirectRef(number, 0))
	if err != nil {
		return nil, fmt.Errorf("read drawn object %d: %w", number, err)
	}
	return o, nil
}

// writer maps the numbers of objects.
type writer struct {
	b       *book
	numbers map[int]int // old to new
	queue   []int       // old numbers, in the order of the new ones
}

func (w *writer) renumber(ref types.IndirectRef) types.IndirectRef {
	old := ref.ObjectNumber.Value()
	number, ok := w.numbers[old]
	if !ok {
		w.queue = append(w.queue, old)
		number = len(w.queue)
		w.numbers[old] = number
	}
	return *types.NewIndirectRef(number, 0)
}

// resolve returns o with every reference renumbered, keys in order.
func (w *writer) resolve(o types.Object) types.Object {
	switch v := o.(type) {
	case types.IndirectRef:
		return w.renumber(v)
	case *types.IndirectRef:
		return w.renumber(*v)
	case types.Dict:
		out := types.Dict{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out[key] = w.resolve(v[key])
		}
		return out
	case types.Array:
		out := make(types.Array, len(v))
		for i, item := range v {
			out[i] = w.resolve(item)
		}
		return out
	}
	return o
}

func (w *writer) object(out *bytes.Buffer, o types.Object) error {
	switch v := o.(type) {
	case nil:
		out.WriteString("null")
	case types.StreamDict:
		return w.stream(out, v)
	case *types.StreamDict:
		return w.stream(out, *v)
	default:
		out.WriteString(w.resolve(o).PDFString())
	}
	return nil
}

func (w *writer) stream(out *bytes.Buffer, s types.StreamDict) error {
	if s.Raw == nil {
		return fmt.Errorf("write stream: its %d bytes were not read", len(s.Content))
	}
	dict := maps.Clone(s.Dict)
	dict["Length"] = types.Integer(len(s.Raw))
	resolved, ok := w.resolve(dict).(types.Dict)
	if !ok {
		return fmt.Errorf("write stream: dictionary is a %T", dict)
	}
	out.WriteString(resolved.PDFString())
	out.WriteString("\nstream\n")
	out.Write(s.Raw)
	out.WriteString("\nendstream")
	return nil
}
