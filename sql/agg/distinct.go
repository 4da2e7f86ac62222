package agg

import "github.com/asofdb/asof/sql/types"

// resolveDistinct turns f into its DISTINCT form. MIN, MAX, BOOL_AND and BOOL_OR are the same with it.
func resolveDistinct(f *Func) (*Func, error) {
	if k := f.Arg.Kind; k == types.JSON || (k == types.Array && f.Arg.Elem == types.JSON) {
		return nil, types.Errorf(types.CodeUndefinedFunction, "could not identify an equality operator for type %s", f.Arg).
			WithHint("Cast it to text or jsonb.")
	}
	f.Distinct = true
	f.family, f.read = alone, nil
	arg, all := f.Arg, f.New
	switch f.Name {
	case "count":
		f.New = func() State { return &countDistinct{newBag(arg)} }
		f.ranked = (*Ranked).distinct
	case "sum", "avg":
		f.New = func() State { return &distinct{bag: newBag(arg), fold: all()} }
	default:
		return f, nil
	}
	f.NewAddOnly = f.New
	return f, nil
}

// countDistinct is COUNT(DISTINCT x).
type countDistinct struct{ bag bag }

func (s *countDistinct) Add(v types.Value)     { s.bag.add(v, 1, false) }
func (s *countDistinct) Retract(v types.Value) { s.bag.add(v, -1, false) }
func (s *countDistinct) Merge(other State)     { s.bag.merge(&other.(*countDistinct).bag) }
func (s *countDistinct) Reset()                { s.bag.reset() }

func (s *countDistinct) Result() (types.Value, error) {
	var n int64
	s.bag.distinct(func(types.Value) { n++ })
	return types.NewInt8(n), nil
}

func (s *countDistinct) AppendTo(dst []byte) []byte          { return s.bag.appendTo(dst) }
func (s *countDistinct) ReadFrom(src []byte) ([]byte, error) { return s.bag.readFrom(src) }

// distinct is SUM(DISTINCT x) and AVG(DISTINCT x): the values that are there, each folded once.
type distinct struct {
	bag  bag
	fold State // of Result; empty outside of it
}

func (s *distinct) Add(v types.Value)     { s.bag.add(v, 1, false) }
func (s *distinct) Retract(v types.Value) { s.bag.add(v, -1, false) }
func (s *distinct) Merge(other State)     { s.bag.merge(&other.(*distinct).bag) }
func (s *distinct) Reset()                { s.bag.reset() }

func (s *distinct) Result() (types.Value, error) {
	defer s.fold.Reset()
	s.bag.distinct(s.fold.Add)
	return s.fold.Result()
}

func (s *distinct) AppendTo(dst []byte) []byte          { return s.bag.appendTo(dst) }
func (s *distinct) ReadFrom(src []byte) ([]byte, error) { return s.bag.readFrom(src) }
