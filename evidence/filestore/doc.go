// Package filestore keeps evidence and its journal in a folder. docs/formats/store.md and docs/formats/journal.md describe
// the layout; everything in it can be read with zstd, sha256sum and a text editor.
//
//	store.json                     format and UUID of the store
//	blobs/sha256/ab/abcd....zst    zstd of the bytes whose SHA-256 is abcd...
//	journal/00000001.json          entry 1, and so on
//	journal/tree                   RFC 6962 hashes over the entries, a second witness that Fsck compares
//	journal/state.json             where the last writer stood, so that a long journal opens quickly
//	tmp/                           files that are being written
//
// A blob and an entry appear whole or not at all and never change. The folder belongs to one user (mode 0700); several
// processes may use it at once.
package filestore
