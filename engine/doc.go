// Package engine is the database: it keeps a catalog of sources and features, reads the sources' changes, makes them
// durable in one log, derives every feature's entity logs from it, and answers value(f, k, t) for any moment t.
//
// # The way of a change
//
// A source's reader hands raw records to its decoder (both are connectors; neither knows the engine's insides). ingest.go
// takes the events, drops what it has seen (dedupe.go), gives each its effective commit time (frontier.go), completes it to full images before and
// after (complete.go, rows.go; all this in gather.go), and commits the batch with everything that must not be lost separately (commit.go). Then the
// batch is applied to the entity logs (group.go), and only then its frontier is published to readers.
//
// # What has no timeline
//
// Files (files.go) and a session's temporary tables (temp_tables.go) are read as they are, whatever the moment, and have no part in a statement's now. They are
// no relations of the catalog: a statement finds them through its session, and no feature can be built over them. COPY (copy.go) moves rows between queries,
// temporary tables and files; what knows a file's format is a connector.
//
// # Who may do what
//
// A session knows who has come through which door (SessionOptions). users.go decides, below all doors and when a statement is bound to run; paths.go says which files
// may be named, scram.go keeps passwords, secrets.go the values that connectors need and nobody sees.
//
// # Invariants
//
//  1. Every change with c <= F has been applied and is durable, where F is the frontier of its source as a reader sees it.
//  2. A change committed after F was published has c > F: an answer for t <= F never changes.
//  3. Derived state (row stores, entity logs) is a function of the stream log alone. Each store remembers the position it was flushed
//     through, and replaying the log from there, or from earlier, gives the same state.
//  4. A reader takes the frontier before the data: first F, then the entries in memory, then the snapshot of the disk. An entry that
//     moves from memory to disk in between is seen twice and counted once, by its position.
//  5. Nothing is acknowledged to a source before the commit that holds it is on disk.
package engine
