// Package record is the completed change, the unit of the stream log, and the columnar block that carries many of them.
package record

import "github.com/asofdb/asof/sql/types"

// Op is what a change does.
type Op uint8

const (
	Insert   Op = 1 + iota // New
	Update                 // Old and New
	Delete                 // Old
	Truncate               // neither: ends every version of the source with an earlier position
	Noop                   // New: a record that changed no declared column, kept so that its repetition is recognised
)

// Change is one completed change of one row: full images of the declared columns before and after.
type Change struct {
	Pos    int64 // place in the source's log, from 1, without gaps
	C      int64 // effective commit time, µs
	Commit int64 // the source's own commit time, µs; differs from C only where the change was shifted
	// Tx and LSN identify the change at its source, 0 where it has none.
	Tx, LSN int64
	Op      Op
	// Snapshot is set for a row that an initial or incremental snapshot read.
	Snapshot bool
	// PrevC is the C of the version that Old ends, NoPrevC where it is not known.
	PrevC    int64
	Old, New []types.Value
}

// NoPrevC marks a change whose old version's commit time is not known.
const NoPrevC int64 = -1 << 63

// Header is the zone map at the start of every block.
type Header struct {
	Count      int
	FirstPos   int64
	CMin, CMax int64
}
