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
	// Tx and LSN identify the change at its source, 0 where it has none; Order is its place in the transaction, 0 where unknown.
	Tx, LSN, Order int64
	// SentAs is the operation letter of the record it came from ('c', 'u', 'd', 'r', 't'; 0 where there was none): a create of a row that
	// was there already is an Update here. AppendBlock must keep it, and Order.
	SentAs byte
	Op     Op
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
