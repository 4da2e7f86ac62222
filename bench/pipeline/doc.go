// Package pipeline tries the whole way of a change with the servers that people run: PostgreSQL, Debezium in Kafka Connect, Kafka, and asof, each a process that is killed while it works.
//
// Several writers run random transactions on the database. Meanwhile the connector, the broker and asof are killed with SIGKILL and started again, and readers ask asof for its features. In the
// end every answer that they were given, and every feature AS OF the time of every commit and many moments between, must be what the feature's own SELECT returns on PostgreSQL over the state of
// the database at that moment.
//
// PostgreSQL itself keeps what is needed to know these states: triggers log every row change in its transaction, so that what is rolled back leaves nothing, and track_commit_timestamp tells when
// each transaction was committed. A schema of views over the log stands for the tables at a moment, and for NOW(): the feature's SELECT runs there as it was declared. Nothing of Debezium or asof
// takes part in it.
//
// The test is all there is. -transactions makes it longer, -seed draws others; the interleaving of the writers and the moments of the kills differ from run to run.
package pipeline
