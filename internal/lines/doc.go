// Package lines reads logs of one JSON object a line as they are found in the wild. [Segments] cuts a stream into segments of
// whole lines, byte for byte, and looks at every line on the way: one that a reader of JSON lines would stumble over is
// reported as an [Odd] line, with the whole entry if there is one in it. [Clean] makes the copy of a segment that such a reader
// can take, its line numbers unchanged. [Edit] replaces lines of a stream on its way. What an entry means is the caller's affair.
//
// A line without oddities is not thereby valid JSON: only what could shift or stop a line reader is looked for, at the speed
// of memory. A line is never repaired.
package lines
