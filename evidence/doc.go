// Package evidence is the narrow waist of auditpack: what a piece of evidence is, where it is kept, and the journal of what
// was done with it. Collectors write through it and everything else reads through it; it knows no source, no control and no
// report, and imports nothing of ours but internal.
//
// Bytes are kept under their SHA-256 in a [Store]. A [Record] says what the bytes show; it is itself stored as canonical JSON,
// and its digest is its name. A [Journal] [Entry] commits records: a record that no entry lists was never collected.
package evidence
