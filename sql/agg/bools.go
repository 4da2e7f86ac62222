package agg

import (
	"encoding/binary"

	"github.com/asofdb/asof/sql/types"
)

// bools is BOOL_AND (EVERY) and BOOL_OR: how many are true, how many false.
type bools struct {
	trues, falses int64
	any           bool // BOOL_OR
}

func resolveBoolAnd(arg types.Type) *Func { return resolveBools(arg, false) }
func resolveBoolOr(arg types.Type) *Func  { return resolveBools(arg, true) }

func resolveBools(arg types.Type, any bool) *Func {
	if arg.Kind != types.Bool && arg.Kind != types.Unknown {
		return nil
	}
	return &Func{
		Arg: boolean, Result: boolean, family: truths,
		New:  func() State { return &bools{any: any} },
		read: func(s State) (types.Value, error) { return s.(*bools).read(any) },
	}
}

func (s *bools) Add(v types.Value)     { s.add(v, 1) }
func (s *bools) Retract(v types.Value) { s.add(v, -1) }

func (s *bools) add(v types.Value, sign int64) {
	switch {
	case v.IsNull():
	case v.I != 0:
		s.trues += sign
	default:
		s.falses += sign
	}
}

func (s *bools) Merge(other State) {
	o := other.(*bools)
	s.trues += o.trues
	s.falses += o.falses
}

func (s *bools) Result() (types.Value, error) { return s.read(s.any) }

func (s *bools) read(any bool) (types.Value, error) {
	switch {
	case s.trues == 0 && s.falses == 0:
		return null, nil
	case any:
		return types.NewBool(s.trues > 0), nil
	}
	return types.NewBool(s.falses == 0), nil
}

func (s *bools) Reset() { s.trues, s.falses = 0, 0 }

func (s *bools) AppendTo(dst []byte) []byte {
	return binary.AppendVarint(binary.AppendVarint(dst, s.trues), s.falses)
}

func (s *bools) ReadFrom(src []byte) ([]byte, error) {
	r := reader{src: src}
	s.trues, s.falses = r.varint(), r.varint()
	return r.end()
}
