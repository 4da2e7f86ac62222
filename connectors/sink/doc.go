// Package sink writes the rows of COPY … TO 'file': Parquet, CSV and NDJSON, from Arrow batches to the file.
//
// Invariants:
//
//  1. A file is there under its name once Commit has returned nil: whole, on disk, in place of what was there before. Until then,
//     and after anything else, its name holds what it held. What is being written has a name of its own in the same directory, beginning with ".asof-", which Close removes.
//  2. A value reads back as the value it was: decimals to the last digit, times to the microsecond, NULL as NULL. What a format
//     cannot hold is an error that names the column, the row and the cast that helps; nothing is rounded, clipped or replaced.
//  3. The column types of a Parquet file follow from the columns' SQL types, but for the scale of a NUMERIC that declares none: that is the largest in the file.
//
// # Parquet
//
// What pandas (pyarrow), polars and DuckDB all read as what it is:
//
//	BOOLEAN                       BOOLEAN
//	SMALLINT, INTEGER, BIGINT     INT32 as INT(16), INT32, INT64
//	REAL, DOUBLE PRECISION        FLOAT, DOUBLE
//	NUMERIC(p,s), p <= 38         DECIMAL(p,s) in INT32, INT64 or FIXED_LEN_BYTE_ARRAY
//	NUMERIC                       DECIMAL(38,s)
//	NUMERIC(p,s), p > 38          STRING
//	DATE, TIME                    DATE, TIME in microseconds, local
//	TIMESTAMP, TIMESTAMPTZ        TIMESTAMP in microseconds, local or UTC
//	TEXT, VARCHAR, CHAR, UUID,
//	INTERVAL, JSON, JSONB         STRING, of PostgreSQL's text
//	BYTEA                         BYTE_ARRAY
//	arrays                        LIST of the element type
//
// DECIMAL ends at 38 digits although the format goes on: polars refuses a wider one, and DuckDB reads it as DOUBLE.
// TIME is local because DuckDB reads one in UTC as TIME WITH TIME ZONE. NaN and the infinities of NUMERIC, of dates and of timestamps have no
// place in the format, nor has 24:00:00; they are refused.
//
// The scale of a NUMERIC without one is known only when the last row has come. So a row group is held back until it is full, and if a later one
// needs a larger scale a new part of the file is begun; parts are joined at the end, by rewriting pages and not values (parquet_join.go). A
// file of one row group, and any file whose scales are declared, is written once.
package sink

import "github.com/asofdb/asof/engine"

// Connectors are the formats that COPY … TO can write.
func Connectors() map[string]engine.SinkConnector {
	return map[string]engine.SinkConnector{
		"parquet": {Create: createParquet},
		"csv":     {Options: []string{"header", "delimiter", "null"}, Create: createCSV},
		"ndjson":  {Create: createNDJSON},
	}
}
