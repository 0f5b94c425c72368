// Package collectortest is the suite that every collector passes. [Run] reads archives that hold a configuration, what the
// source has, and what must come of it, and checks on each what every collector promises.
//
// An archive is a txtar file. Its comment says what is special in it and where the shape of its files comes from. Its files:
//
//	config.yaml        the source's own keys, without name and type
//	env                NAME=value lines: what Getenv answers; all else is empty
//	period             2026-Q3, or FROM/TO in RFC 3339; 2026-Q3 when there is none
//	now                what the clock says all the time, RFC 3339; 2026-10-01T06:00:00Z when there is none
//	canaries           a secret on each line: none may come out in a record, a blob, an outcome, a cursor or an error
//	dir/PATH           a file at PATH of the folder that configured paths are relative to
//	base64/PATH        the same, its content in base64, for bytes that txtar cannot hold
//	git/PATH/N/FILE    a file of commit N (1, 2 ...) of a git checkout at PATH; the file N/COMMIT may give "author: Name <mail>",
//	                   "date: RFC3339" and "message: text" lines, and "delete: FILE" lines
//	http/NAME          recorded exchanges, see below
//	golden.json        what came of it; go test -update writes it
//
// An exchange is a request line with the status of the answer, header lines, an empty line, and the body. A path without a host
// answers for every host; the order of query parameters does not matter. The same request may have several exchanges (in the
// order of their names): they answer one after the other, and the last one answers all further requests. After the status may
// stand "cut": the body ends in its middle. A request without an exchange fails the test.
//
//	GET /v1/sys/audit?list=true 429
//	Retry-After: 0
//
//	{"errors": []}
//
// The same bytes in a body as between the markers: it ends with a newline, as txtar has it.
package collectortest
