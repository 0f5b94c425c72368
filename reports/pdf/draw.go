package pdf

import (
	"fmt"

	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/linestyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/orientation"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// maroto draws. It lays out rows of a grid whose cells neither wrap long words nor go on over pages, so a whole page of ours is
// one row to it: a [core.Row] that draws its pieces where the layout put them.

// rowHeight is a little less than a page: maroto fills the rest with an empty row of its own.
const rowHeight = pageHeight - 1

// families are the names under which maroto knows the embedded fonts.
var families = [3]struct {
	name  string
	style fontstyle.Type
}{regular: {"sans", fontstyle.Normal}, bold: {"sans", fontstyle.Bold}, mono: {"mono", fontstyle.Normal}}

// draw returns the pages as a PDF file as maroto writes it: without links, bookmarks or a stable order of objects.
func draw(f *fonts, pages []*sheet) ([]byte, error) {
	var embedded []*entity.CustomFont
	for i, family := range families {
		embedded = append(embedded, &entity.CustomFont{Family: family.name, Style: family.style, Bytes: f.faces[i].ttf})
	}
	m := maroto.New(config.NewBuilder().
		WithDimensions(pageWidth, pageHeight).
		WithLeftMargin(0).WithTopMargin(0).WithRightMargin(0).WithBottomMargin(0).
		WithCustomFonts(embedded).
		WithDefaultFont(&props.Font{Family: families[regular].name, Style: families[regular].style, Size: 9}).
		WithCompression(true).
		Build())
	for _, p := range pages {
		m.AddRows(&pageRow{sheet: p})
	}
	doc, err := m.Generate()
	if err != nil {
		return nil, fmt.Errorf("draw pages: %w", err)
	}
	return doc.GetBytes(), nil
}

// pageRow is a page as maroto sees it.
type pageRow struct {
	sheet  *sheet
	config *entity.Config
}

var _ core.Row = (*pageRow)(nil)

// SetConfig is called by maroto before drawing.
func (r *pageRow) SetConfig(c *entity.Config) { r.config = c }

// GetStructure describes the row for maroto's own tests.
func (r *pageRow) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "page"})
}

// Add does nothing: a page has no columns.
func (r *pageRow) Add(...core.Col) core.Row { return r }

// GetColumns returns none.
func (r *pageRow) GetColumns() []core.Col { return nil }

// WithStyle does nothing: a page has no border.
func (r *pageRow) WithStyle(*props.Cell) core.Row { return r }

// GetHeight is the same for every page.
func (r *pageRow) GetHeight(core.Provider, *entity.Cell) float64 { return rowHeight }

// Render draws the page. The empty column makes maroto turn to the next page; every piece then has a place of its own.
func (r *pageRow) Render(provider core.Provider, _ entity.Cell) {
	provider.CreateCol(pageWidth, rowHeight, r.config, nil)
	for _, b := range r.sheet.boxes {
		provider.AddLine(&entity.Cell{X: b.x, Y: b.y, Width: b.w, Height: b.h}, &props.Line{
			Color: b.fill.props(), Style: linestyle.Solid, Thickness: b.h, Orientation: orientation.Horizontal, OffsetPercent: 50, SizePercent: 100,
		})
	}
	for _, t := range r.sheet.runs {
		provider.AddText(t.text, &entity.Cell{X: t.x, Y: t.y, Width: 10 * pageWidth, Height: pageHeight}, &props.Text{
			Family: families[t.style.face].name, Style: families[t.style.face].style, Size: t.style.size, Align: align.Left, Color: t.style.color.props(),
		})
	}
	provider.CreateRow(rowHeight)
}

func (c color) props() *props.Color { return &props.Color{Red: c.r, Green: c.g, Blue: c.b} }
