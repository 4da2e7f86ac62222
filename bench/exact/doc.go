// Package exact proves the promise by comparison: random histories of a table, random features over it, random ways of running the engine, and
// every answer held against a naive model of the definition and against PostgreSQL.
//
// Everything follows from a seed, which a failure prints.
package exact
