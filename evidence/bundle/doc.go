// Package bundle seals evidence, facts, tests, assessment and reports for one auditor in one file, and checks such a file
// offline. This page is the format; docs/formats/bundle.md has a worked example.
//
// # The bag
//
// A bundle is a BagIt bag (RFC 8493, version 1.0) in one zip, without a folder around it:
//
//	bagit.txt                          declares the bag
//	data/VERIFY.txt                    how to check it with sha256sum and openssl alone
//	data/assessment/...                the assessment, as JSON
//	data/reports/...                   the reports as they were handed out
//	data/facts/...                     facts as Parquet
//	data/sql/...                       the SQL that projected and tested them
//	data/records/<hex>.json            records; <hex> is the SHA-256 of the file
//	data/evidence/sha256/<hex>         raw evidence, its own bytes; <hex> is the SHA-256 of the file
//	data/journal/00000001.json         entries 1 to N of the journal
//	data/checkpoint                    signed note over the N entries
//	data/keys/log.pub                  the public key of that note
//	bag-info.txt                       organization, what was bundled, as-of date, program, Payload-Oxum
//	manifest-sha256.txt                every file in data/
//	tagmanifest-sha256.txt             bag-info.txt, bagit.txt, manifest-sha256.txt
//	attestation.dsse.json              the seal: DSSE envelope around an in-toto Statement
//	attestation.pae                    the bytes that the seal signs (DSSE's pre-authentication encoding)
//	attestation.sig                    the signature over them; of ECDSA in ASN.1 DER
//	seal.pub.pem                       the public key, as a convenience
//	attestation.tsr                    optional: an authority's timestamp (RFC 3161) of attestation.sig
//
// Callers bring the files in folders of their own (assessment, reports, facts, sql and others); the rest is ours. A record
// in the bundle comes with its parts and with what it is derived from, down to the raw evidence. All entries of the journal
// up to N are in, so that the root of its tree can be computed again and compared with any checkpoint handed over before.
//
// # What is signed
//
// The Statement's subjects are manifest-sha256.txt, tagmanifest-sha256.txt and data/checkpoint. Its predicate, of type
// urn:auditpack:bundle:1, is a [Predicate]: it repeats organization, period, origin, size and root of the checkpoint, names the
// journal's last entry, and has the SHA-256 of all bytes of the zip before the seal. The manifest follows from assessment,
// journal, N and options alone: the same inputs give the same manifest. Seals and times lie outside it.
//
// Whom to trust is never said by the bundle: [Verify] wants the public key, or its fingerprint, from outside. The fingerprint
// is "SHA256:" and the hex SHA-256 of the key's SPKI DER. A key that the trusted one announced in the bundle's journal, signed, is
// believed as it is; docs/formats/seal.md has how.
//
// # The zip
//
// There is one layout. Zip readers forgive: a zip can say different things to different readers, and one-bit changes pass
// unseen. So every byte here follows from the members, and [Verify] writes headers and directory again and compares:
//
//   - members in the order bagit.txt, data/ by name in byte order, bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt,
//     attestation.dsse.json, attestation.pae, attestation.sig, seal.pub.pem, and attestation.tsr if there is one; no folders, no
//     name twice;
//   - names of letters, digits, dots, dashes, underscores and slashes, at most 200 bytes, also different when case is ignored;
//   - deflated, but .parquet, .xlsx, .png, .zst, .gz and .zip and the seal's files stored;
//   - sizes and CRC-32 in the local header (no data descriptor), flags 0, version 2.0, time 1980-01-01 00:00:00, Unix mode
//     0644, no extra field but zip64's for an offset of 4 GiB and more, no comment;
//   - members follow one another without a gap, then the directory, then its end (with zip64 records from 65,535 members or
//     4 GiB on); nothing follows;
//   - a member has less than 4 GiB, packed and unpacked.
//
// What the layout does not fix, packed bytes that would unpack to the same file, the digest in the seal's predicate does.
package bundle
