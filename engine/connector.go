package engine

import (
	"context"
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
	// Check validates options at CREATE SOURCE, before anything is stored.
	Check func(options map[string]string) error
	// Open starts reading at the position that was last made durable (the zero Position: from the start).
	Open func(ctx context.Context, options map[string]string, from Position) (Reader, error)
}

// Position is a durable place in an input: everything before it has been read.
type Position struct {
	// Offset and Line are the byte offset and the number of complete lines before it, for a file.
	Offset, Line int64
	// Mark is the connector's own evidence that the input is still the one that was read (a checksum of what stands before Offset).
	Mark uint64
}

// Record is one raw record. Key and Value are valid until the reader's next Read.
type Record struct {
	Key, Value []byte
	// Line is where the record stands, from 1, for messages.
	Line int64
	// Next is the position after the record.
	Next Position
}

// Poll is what one Read found.
type Poll struct {
	Records []Record
	// AtEnd: the input had nothing more when it was read.
	AtEnd bool
	// Complete: and never will have (a file that is not followed).
	Complete bool
	// Size is the input's size as last seen, for progress; 0 where unknown.
	Size int64
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
	// Order is the place in the transaction (transaction.total_order), 0 where unknown; Count is END's number of events.
	Order, Count int64
	// Before and After are images of the declared columns, nil where the record has none. In After a Value of kind Unavailable
	// stands for what the record left out. In Before only the key columns can be relied on, unless the source says that before images are complete.
	Before, After []types.Value
	// KeyOnly are the key column values from the record's key where neither image has them; nil otherwise.
	KeyOnly []types.Value
}

// NoTime marks a missing commit time.
const NoTime int64 = -1 << 63
