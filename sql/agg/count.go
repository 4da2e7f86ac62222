package agg

import (
	"encoding/binary"

	"github.com/asofdb/asof/sql/types"
)

// countRows is COUNT(*).
type countRows struct{ n int64 }

func newCountRows() State { return &countRows{} }

func (s *countRows) Add(types.Value)     { s.n++ }
func (s *countRows) Retract(types.Value) { s.n-- }
func (s *countRows) Merge(other State)   { s.n += other.(*countRows).n }
func (s *countRows) Reset()              { s.n = 0 }

func (s *countRows) Result() (types.Value, error) { return types.NewInt8(s.n), nil }

func (s *countRows) AppendTo(dst []byte) []byte { return binary.AppendVarint(dst, s.n) }

func (s *countRows) ReadFrom(src []byte) ([]byte, error) {
	r := reader{src: src}
	s.n = r.varint()
	return r.end()
}

// countValues is COUNT(x): the rows whose x is not NULL.
type countValues struct{ n int64 }

// resolveCount is COUNT(x) over any type.
func resolveCount(arg types.Type) *Func {
	f := &Func{Result: bigint, New: func() State { return &countValues{} }, read: readCount}
	if arg.Kind == types.Unknown {
		f.Arg = text
	}
	return f
}

// readCount reads COUNT(x) off any state that counts the values of x.
func readCount(s State) (types.Value, error) {
	return types.NewInt8(s.(interface{ rows() int64 }).rows()), nil
}

func (s *countValues) rows() int64 { return s.n }

func (s *countValues) Add(v types.Value) {
	if !v.IsNull() {
		s.n++
	}
}

func (s *countValues) Retract(v types.Value) {
	if !v.IsNull() {
		s.n--
	}
}

func (s *countValues) Merge(other State) { s.n += other.(*countValues).n }
func (s *countValues) Reset()            { s.n = 0 }

func (s *countValues) Result() (types.Value, error) { return readCount(s) }

func (s *countValues) AppendTo(dst []byte) []byte { return binary.AppendVarint(dst, s.n) }

func (s *countValues) ReadFrom(src []byte) ([]byte, error) {
	r := reader{src: src}
	s.n = r.varint()
	return r.end()
}
