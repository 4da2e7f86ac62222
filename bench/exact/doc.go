// Package exact proves the promise by comparison: random histories of a table, random features over it, random ways of running the engine, and
// every answer held against a naive model of the definition and against PostgreSQL.
//
// The same values are asked for in all the ways there are, and must be the same bytes: now, by SELECT and by Lookup (online.go); as of a moment (run.go); by
// training joins, of spines of every kind (spine.go, training.go); by a feature's history, and by the join with it that people write by hand, with the
// rule that recognises it and without (history.go).
//
// Everything follows from a seed, which a failure prints.
package exact
