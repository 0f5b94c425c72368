// Package seal signs and checks: keys, DSSE envelopes over in-toto statements (the seal of a bundle), checkpoints of a journal,
// announcements of new keys, and timestamps. It decides nothing: who trusts which key or authority is told from outside, always.
//
// A seal is made with ECDSA P-256 or Ed25519 keys, in PEM files that openssl reads too, or in Vault (package transit). A checkpoint
// is a signed note (c2sp.org/tlog-checkpoint) made with a log key of its own, Ed25519, so that handing out checkpoints every day
// does not put the seal's key at risk. docs/formats/checkpoint.md, seal.md and bundle.md have worked examples.
package seal
