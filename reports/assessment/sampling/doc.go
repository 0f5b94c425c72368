// Package sampling draws samples from the populations of tests, so that whoever has the population, the seed and a few lines of any
// language draws them again. docs/formats/sample.md is its format for auditors.
//
// A population is fixed by its root before the auditor gives a nonce; the seed is made of both, so that nobody on either side can choose
// what is drawn. There is no other source of chance. The package knows no files and no journal: rows come in as canonical JSON, one by
// one, and no more of them than the sample is kept in memory.
package sampling
