// Package jsonfields replaces values in JSON documents by their place, and leaves every other byte as it is. A [Path] names a place, a
// [Tree] finds many of them in one go through the document, which it holds against the grammar of JSON (RFC 8259) on the way. What the
// values mean, and what stands in their place, is the caller's affair.
package jsonfields
