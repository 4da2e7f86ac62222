package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/types"
)

// Connectors are the sources and formats that an engine can read, and the files that statements read and write; they are handed in through
// Options, so that the engine imports none of them.
type Connectors struct {
	// Sources by the value of the connector option: "file".
	Sources map[string]SourceConnector
	// Formats by FORMAT and ENCODE: "DEBEZIUM JSON", "PLAIN CSV", "PLAIN JSON".
	Formats map[string]FormatConnector
	// Files by the ending of a file's name, which is COPY's FORMAT as well: "csv", "ndjson", "parquet".
	Files map[string]FileConnector
	// Sinks by COPY's FORMAT.
	Sinks map[string]SinkConnector
}

// FileConnector reads one kind of file as a table: FROM 'labels.csv', COPY labels FROM 'labels.csv'.
type FileConnector struct {
	// Options names the options of COPY … FROM that it understands besides FORMAT.
	Options []string
	// Open finds out which columns the file at path, which is absolute, has. Where the file does not say their types, all of it is read for them.
	Open func(ctx context.Context, path string, s FileSpec) (*File, error)
}

// FileSpec is how a file is to be read. The zero FileSpec takes it as it is.
type FileSpec struct {
	// Columns are the columns to read, whose values must be of their types; nil takes the file's own, with types that fit every value.
	Columns types.Schema
	// Zone is that of times that name none; nil means UTC.
	Zone    *time.Location
	Options map[string]string
	// Progress, unless nil, is told how many of the file's bytes have been read.
	Progress func(done, total int64)
}

// File is a file whose columns are known. It holds nothing open.
type File struct {
	Columns types.Schema
	// Rows opens the file to read the columns with these indexes, in this order. A file that is no longer the one that was opened is an error.
	Rows func(ctx context.Context, columns []int) (exec.Rows, error)
}

// SinkConnector writes the rows of COPY … TO 'file' as one kind of file.
type SinkConnector struct {
	// Options names the options of COPY … TO that it understands besides FORMAT.
	Options []string
	// Create begins a file that is to be at path, which is absolute.
	Create func(path string, s SinkSpec) (Sink, error)
}

// SinkSpec is what a sink must know of the rows.
type SinkSpec struct {
	Columns types.Schema
	// Zone is that in which text shows times with a zone; nil means UTC.
	Zone    *time.Location
	Options map[string]string
}

// Sink is a file being written. It is there, whole, once Commit has returned nil, and not before. One goroutine at a time.
type Sink interface {
	// Write takes a batch of the columns' types, which stays the caller's.
	Write(b *types.Batch) error
	// Commit makes the file durable and gives it its name, in place of a file that has it.
	Commit() error
	// Close frees what the sink holds. Without a Commit before it nothing stays of the file. It is idempotent.
	Close() error
}

// SourceConnector opens readers of one kind of input.
type SourceConnector struct {
	// Options names the WITH options that it understands besides the engine's own.
	Options []string
	// Secrets are those of them that must be written as SECRET name: what nobody is to see.
	Secrets []string
	// Paths are those of them that name files or directories, which are the server's. Relative ones begin where the source was declared.
	Paths []string
	// Check validates options at CREATE SOURCE, before anything is stored.
	Check func(options map[string]string) error
	// Timed is set where records carry times of their own (Record.Time), so that rows without a commit time have one.
	Timed bool
	// Live is set where the input goes on for ever: CREATE SOURCE does not wait for its end, and its frontier follows the clock.
	Live bool
	// Open starts reading at the positions that were last made durable (nil: from the start).
	Open func(ctx context.Context, options map[string]string, from Positions) (Reader, error)
}

// Position is a durable place in a partition of an input: everything before it has been read.
type Position struct {
	// Offset is the byte offset, of a file, or that of the next record.
	Offset int64
	// Line is the number of complete lines before it, for a file.
	Line int64 `json:",omitempty"`
	// Mark is the connector's own evidence that the input is still the one that was read (a checksum of what stands before Offset, a topic's id).
	Mark uint64 `json:",omitempty"`
	// Epoch is the leader's epoch in which the record before it was written.
	Epoch int32 `json:",omitempty"`
}

// Positions are places by the names of the partitions. An input that has no partitions, such as a file, is one of the name "".
type Positions map[string]Position

// Partition is a part of an input whose records are in order.
type Partition struct {
	Name string
	Role PartitionRole
	// Begin is where it is read from if there is no position to go on from. MidStream is set where there had been records before that.
	Begin     Position
	MidStream bool
}

// PartitionRole says what the records of a partition are.
type PartitionRole uint8

const (
	// RowPartition has changes of tables. Nothing is final before every one of them has been read.
	RowPartition PartitionRole = iota
	// TransactionPartition has the source's BEGIN and END of transactions.
	TransactionPartition
	// HeartbeatPartition has what a connector sends to tell that it lives.
	HeartbeatPartition
)

// A GapError says that an input no longer has what is to be read next: it is the records of some partitions that are lost, if the source goes on without them. It is wrapped by the error that a
// reader returns.
type GapError struct{ Gaps []Gap }

// Gap is what is lost of a partition.
type Gap struct {
	Partition string
	// From is the position that was to be read next, To the offset of the first record that there is to go on from.
	From int64
	To   Position
	// Why says what has become of it, as in "retention has deleted them".
	Why string
}

func (e *GapError) Error() string {
	var parts []string
	for _, g := range e.Gaps {
		what := fmt.Sprintf("offsets %d to %d", g.From, g.To.Offset-1)
		if g.To.Offset <= g.From {
			what = fmt.Sprintf("offset %d and what followed it", g.From)
		}
		parts = append(parts, fmt.Sprintf("partition %s has lost %s: %s", g.Partition, what, g.Why))
	}
	return "DATA_GAP: " + strings.Join(parts, "; ")
}

// Partitioned is implemented by the readers of inputs that have partitions.
type Partitioned interface {
	// Partitions are those that the reader reads, at the indexes that its records name. The list grows only, within Read, and is not changed otherwise.
	Partitions() []Partition
	// Hold says which partitions are to be left alone for now, because others are behind them. Partitions behind the end of the list are read.
	Hold([]bool)
}

// Record is one raw record. Key and Value are valid until the reader's next Read.
type Record struct {
	Key, Value []byte
	// OldKey is the key that the record's row had until now, where its key has changed and the input says so.
	OldKey []byte
	// Time is the record's own time in µs since 1970, NoTime where the input gives it none.
	Time int64
	// Partition is the index of the record's partition, 0 where the reader is not Partitioned.
	Partition int
	// Line is where the record stands, for messages: in a file the line, from 1; in a partition the offset.
	Line int64
	// Next is the position after the record.
	Next Position
}

// Poll is what one Read found.
type Poll struct {
	Records []Record
	// AtEnd: the input had nothing more when it was read.
	AtEnd bool
	// Ends say, by partition, how long ago it was known that everything written to the partition had been returned, by this Read or an earlier one; negative where there may be more. Only readers
	// that are Partitioned have them.
	Ends []time.Duration
	// Complete: and never will have (a file that is not followed).
	Complete bool
	// Waited is how long Read waited, at least, before it looked at the input: what AtEnd says is true of that moment, and may be so no longer when Read returns.
	// Readers that are Partitioned have Ends instead.
	Waited time.Duration
	// Size is the input's size as last seen, for progress; 0 where unknown.
	Size int64
	// Behind is how many records are known to be in the input that have not been returned.
	Behind int64
	// Trouble is why nothing can be read at the moment, "" where all is well. The reader goes on trying.
	Trouble string
}

// Reader reads one input. One goroutine at a time; Close may be called from another and ends a Read that waits.
type Reader interface {
	// Read returns at most max records. At the end of an input that may grow it waits a little (some tens of ms) and returns an empty Poll with AtEnd.
	// It returns ctx's error when ctx ends.
	Read(ctx context.Context, max int) (Poll, error)
	Close() error
}

// FormatConnector makes decoders for one format.
type FormatConnector struct {
	Options []string
	// New makes a decoder for records of a source with these columns. Table, from the option of that name, is "schema.table" or "table".
	New func(s SourceSpec) (Decoder, error)
}

// SourceSpec is what a decoder must know of its source.
type SourceSpec struct {
	Name    string
	Columns types.Schema
	Key     []int // primary key columns; nil: none
	Table   string
	// Begun is the table, as Event.Table named it, whose records the source has begun with, "" before the first.
	Begun   string
	Options map[string]string
}

// Decoder turns the records of one source into events. One goroutine at a time.
type Decoder interface {
	// Decode fills ev from rec. An error says why the record is bad, in words for the user, without file and line; it is a reject, not a failure of the decoder.
	// Values in ev may point into rec.
	Decode(rec Record, ev *Event) error
}

// Header is implemented by decoders of files that begin with a header line (CSV): it is given the file's first record whenever a reader is opened.
type Header interface{ ReadHeader(rec Record) error }

// EventKind says what a record is.
type EventKind uint8

const (
	// SkipEvent is a record that means nothing here (a tombstone, a logical message, DDL text) but may carry a commit time.
	SkipEvent EventKind = iota
	ChangeEvent
	TruncateEvent
	// HeartbeatEvent carries Clock, the connector's clock in µs.
	HeartbeatEvent
	// BeginEvent and EndEvent bound a source transaction; EndEvent carries Count.
	BeginEvent
	EndEvent
	// OtherTableEvent is a change of a table that the source has not selected; it moves the frontier.
	OtherTableEvent
)

// ChangeOp is the operation of a ChangeEvent as the record states it.
type ChangeOp uint8

const (
	CreateOp ChangeOp = iota
	UpdateOp
	DeleteOp
	ReadOp // a snapshot row
)

// SnapshotMark is Debezium's source.snapshot.
type SnapshotMark uint8

const (
	NoSnapshot SnapshotMark = iota
	InSnapshot
	IncrementalSnapshot
	FirstSnapshot // of all tables
	LastSnapshot
	FirstOfTable // of a table: first_in_data_collection
	LastOfTable
)

// Event is one decoded record.
type Event struct {
	Kind     EventKind
	Op       ChangeOp
	Snapshot SnapshotMark
	Table    string // as the record names it, for OtherTableEvent and messages
	// Commit is the source's commit time in µs, NoTime where the record has none.
	Commit int64
	Clock  int64
	// Tx, LSN and Seq identify the change at its source. HasSeq is set where Seq (last commit LSN, LSN) is present; HasID where LSN or Tx is.
	Tx, LSN int64
	Seq     [2]int64
	HasSeq  bool
	HasID   bool
	// Order is the place in the transaction (transaction.total_order), 0 where unknown; Count is END's number of events, Own that of those of the source's table, -1 where it is not known.
	Order, Count, Own int64
	// Before and After are images of the declared columns, nil where the record has none. In After a Value of kind Unavailable
	// stands for what the record left out. In Before only the key columns can be relied on, unless the source says that before images are complete.
	Before, After []types.Value
	// KeyOnly are the key column values from the record's key where neither image has them; nil otherwise.
	KeyOnly []types.Value
	// OldKey are the key column values that a created row had until now, where it left out values that only its old version has; nil otherwise.
	OldKey []types.Value
}

// NoTime marks a missing commit time.
const NoTime int64 = -1 << 63
