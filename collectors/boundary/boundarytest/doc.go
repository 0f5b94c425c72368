// Package boundarytest is a Boundary controller made of a few files: as much of its HTTP API as a collector reads, and as
// strict about it as the documentation says. Tests and the demo talk to it; what it serves is fiction, how it serves it is not.
//
// Each handler begins with what Boundary's documentation and source say about it, in our own words. Where the two leave
// something open, the fake does what is harder for a client.
package boundarytest
