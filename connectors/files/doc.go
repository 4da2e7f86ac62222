// Package files reads files as tables: FROM 'labels.csv', COPY labels FROM 'labels.parquet'.
//
// A text file says no types. They are inferred from all of it, so that no row that comes late can disagree: a column is
//
//   - BIGINT if every value is a whole number that fits, written as it prints: 007 and +7 are text, because as numbers they would be something else;
//   - NUMERIC if every value is a number; it keeps its digits;
//   - DATE, TIMESTAMP or TIMESTAMPTZ if every value is one in ISO 8601 (a date among timestamps is its midnight);
//   - in JSON, where they can be told apart, BOOLEAN for true and false and JSON for arrays and objects;
//   - TEXT otherwise, and without any value.
//
// NULL (in CSV an empty field without quotes) says nothing about the type. A Parquet file has types of its own.
//
// # Invariants
//
//  1. A file is read twice, for its columns and for its rows, and must be the same file both times: otherwise the rows end with an error.
//  2. A value never becomes a later moment: what is written in nanoseconds is cut to the microsecond that it lies in. All else that a type cannot hold to the last
//     digit is an error.
//  3. No bytes make this package panic, and an error says the file by its absolute path, the line or row, and the column.
package files

import "github.com/asofdb/asof/engine"

// Connectors are the kinds of files that can be read, by the ending of their names.
func Connectors() map[string]engine.FileConnector {
	ndjson := engine.FileConnector{Open: openNDJSON}
	return map[string]engine.FileConnector{
		"csv":     {Options: []string{"header", "delimiter", "null"}, Open: openCSV},
		"ndjson":  ndjson,
		"jsonl":   ndjson,
		"parquet": {Open: openParquet},
	}
}
