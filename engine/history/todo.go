package history

import "iter"

// Root is the decoded head of one entity's log: the position applied, the directory of sealed chunks and the tail.
// The root is the commit point: what its directory does not name does not exist.
type Root struct{}

// Header is the zone map of a sealed chunk or of a directory node: what a reader needs to skip it and a Fetcher to find it.
type Header struct {
	Class      uint8 // 0: not split by lateness (the only one so far)
	Level      uint8 // 0: a chunk; n: a directory node over level n-1
	Ordinal    uint32
	Count      uint32 // entries
	CMin, CMax int64
	EMin, EMax int64 // over entries with HasE; EMin > EMax where there is none
	NoE        bool  // some entry has no event time
	PosMax     int64
}

// Fetch loads a sealed chunk or directory node named by a header. The bytes stay valid while the scan runs.
type Fetch func(h Header) ([]byte, error)

// Sealed is a chunk or directory node that Append produced: to be stored under its header before the root is.
type Sealed struct {
	Header Header
	Bytes  []byte
}

// NewRoot returns the root of an empty log; ReadRoot decodes one (it does not copy src). Garbage is an error, never a panic.
func NewRoot() *Root                       { panic("todo") }
func ReadRoot(src []byte) (*Root, error)   { panic("todo") }
func (r *Root) AppendTo(dst []byte) []byte { panic("todo") }

// Applied is the largest position whose entries the root holds (0 when empty); Count the number of entries.
func (r *Root) Applied() int64 { panic("todo") }
func (r *Root) Count() int64   { panic("todo") }

// Append adds entries in log order, sealing chunks as the tail fills and directory nodes as 64 headers gather. Entries with Pos <= Applied()
// as it was before the call are skipped, so that a replay is idempotent; applied becomes through, the position up to which the caller has applied.
// Cost is independent of how long the log is.
func (r *Root) Append(l *Layout, entries []Entry, through int64) []Sealed { panic("todo") }

// Window restricts a scan: entries with C > AsOf are left out, and so may be (never must) those whose event time is <= ELow or > EHigh, whole
// chunks at a time. Entries without event time are always included.
type Window struct {
	AsOf        int64
	ELow, EHigh int64
}

// Scan yields the root's entries in log order, and then those of more with Pos > Applied() (the entries not flushed yet).
func Scan(l *Layout, r *Root, more []Entry, w Window, fetch Fetch) iter.Seq2[*Entry, error] {
	panic("todo")
}
