package record

import "github.com/asofdb/asof/sql/types"

// AppendBlock appends the columnar, compressed encoding of changes (at least one, consecutive positions) whose images have the given column types.
func AppendBlock(dst []byte, cols []types.Type, changes []Change) []byte { panic("todo") }

// ReadHeader reads only the zone map.
func ReadHeader(block []byte) (Header, error) { panic("todo") }

// ReadBlock decodes a block. With want non-nil only those columns of Old and New are filled, the others are NULL.
// Values may share memory that belongs to the result. Garbage is an error, never a panic.
func ReadBlock(block []byte, cols []types.Type, want []int) ([]Change, error) { panic("todo") }
