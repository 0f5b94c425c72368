// Package templates holds what a compliance engineer edits without Go: frameworks, controls, control tests, the SQL of fact
// tables, and the wording of reports. It embeds the files and looks up words; what the files mean is read in
// reports/assessment and evidence/facts. It imports nothing of ours.
package templates

import "embed"

// Files holds the folders frameworks, crosswalks, controls, tests, facts and text.
//
//go:embed all:frameworks all:crosswalks all:controls all:tests all:facts all:text
var Files embed.FS

// Language is one that reports are written in: "en" or "de".
type Language string

// The languages.
const (
	English Language = "en"
	German  Language = "de"
)

// Localized is a text in every language.
type Localized struct {
	EN string `yaml:"en" json:"en"`
	DE string `yaml:"de" json:"de"`
}

// In returns the text in l.
func (t Localized) In(l Language) string {
	if l == German {
		return t.DE
	}
	return t.EN
}
