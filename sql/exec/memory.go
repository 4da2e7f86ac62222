package exec

import (
	"math/big"
	"unsafe"

	"github.com/asofdb/asof/sql/types"
)

// defaultMemory is the memory limit where the statement sets none: 256 MiB.
const defaultMemory = 256 << 20

// account counts what one operator keeps.
type account struct {
	what        string // the operator, as the error names it
	used, limit int64
	spills      bool // what does not fit may be written to files
}

func newAccount(what string, c *Context) account {
	return account{what: what, limit: c.limit(), spills: c.TempDir != ""}
}

// limit is the memory that one operator may use.
func (c *Context) limit() int64 {
	if c.MemoryLimit <= 0 {
		return defaultMemory
	}
	return c.MemoryLimit
}

// full adds n bytes and reports whether it is time to write to files what is kept; it fails where there are none.
func (a *account) full(n int64) (bool, error) {
	a.used += n
	switch {
	case a.used <= a.limit:
		return false, nil
	case !a.spills:
		return false, a.tooMuch()
	}
	return true, nil
}

func (a *account) tooMuch() error {
	return types.Errorf(types.CodeOutOfMemory, "%s needs more memory than the limit of %d MiB", a.what, max(1, a.limit>>20)).
		WithHint("SET memory_limit to more, or let the statement read or keep fewer rows")
}

// What a kept thing costs besides its bytes: Go's header of a slice and an entry of a map with its share of empty slots.
const (
	valueSize   = int64(unsafe.Sizeof(types.Value{}))
	sliceHeader = 24
	mapEntry    = 64
	// stateSize is what an aggregate's state takes for one group, apart from values that it collects.
	stateSize = 96
)

// rowSize is the memory of a cloned row.
func rowSize(row []types.Value) int64 {
	n := sliceHeader + int64(len(row))*valueSize
	for i := range row {
		n += payload(&row[i])
	}
	return n
}

// payload is the memory a value takes outside itself.
func payload(v *types.Value) int64 {
	n := int64(len(v.S))
	switch x := v.X.(type) {
	case *big.Int:
		n += 32 + int64(len(x.Bits()))*8
	case types.Span:
		n += 8
	case []types.Value:
		n += rowSize(x)
	}
	return n
}

// cloneRow copies a row with nothing shared.
func cloneRow(row []types.Value) []types.Value {
	out := make([]types.Value, len(row))
	for i, v := range row {
		out[i] = v.Clone()
	}
	return out
}
