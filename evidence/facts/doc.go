// Package facts turns raw evidence into typed tables and answers SQL over them. Its SQL comes as an fs.FS, one fact file for
// each table, laid out as docs/formats/facts.md says; DuckDB runs it. The package knows no source and no control: what a
// column means is the fact file's business.
//
// An [Engine] projects the records of a journal to Parquet files, one for each [Unit], kept in a cache under the digests of all
// that went in. The digest of every blob is checked before it is projected. A [DB] is a view of the tables as of one size of the
// journal: it can read nothing else, writes nothing, and refuses any statement that is not one SELECT.
package facts
