// Package yamldoc reads YAML that people write by hand and says everything that is wrong with it at once, each time with
// the line and what to do about it.
//
// It accepts the part of YAML that has one obvious reading: one document; mappings, lists, texts, numbers, booleans and null;
// no anchors, aliases, merge keys or tags. Dates are texts of the form 2026-03-31, quoted or not. A [Schema] says which keys
// and values a kind of file has; what does not fit is a [Problem] and everything else can still be read through [Node].
package yamldoc
