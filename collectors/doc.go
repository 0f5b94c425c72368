// Package collectors is how evidence gets in: a [Collector] asks one source, read-only, and hands records to a [Sink]; [Run]
// is the only loop over collectors.
//
// A collector holds no opinion: it never filters by outcome, never repairs, never judges. It sees the world only through its
// [Env]: no environment variables, no programs started, no globals. It streams, and its memory is bounded by one item. The
// runner owns concurrency between sources, timing, progress and the journal entry. "Asked, and there is none", "not offered"
// and "failed" are three different outcomes of a part and are never merged. A part that fails does not end the collection:
// the collector notes it and goes on with the next.
package collectors
