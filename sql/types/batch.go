package types

import "github.com/apache/arrow/go/v17/arrow"

// Batch is a run of rows as Arrow columns. NUMERIC travels as a binary column that holds coefficient and scale of each value,
// because PostgreSQL's AVG has another scale in every row.
type Batch struct {
	Schema Schema
	Record arrow.Record
}
