package agg

import "github.com/asofdb/asof/sql/types"

func resolveMin(arg types.Type) *Func { return resolveExtremum(arg, -1) }
func resolveMax(arg types.Type) *Func { return resolveExtremum(arg, 1) }

// resolveExtremum is MIN and MAX over the types for which PostgreSQL has them.
func resolveExtremum(arg types.Type, sign int) *Func {
	switch arg.Kind {
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric, types.Char,
		types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Interval:
	case types.Text, types.Varchar, types.Unknown:
		arg = text
	case types.Array:
		if arg.Elem == types.JSON {
			return nil
		}
	default:
		return nil
	}
	ranked := (*Ranked).max
	if sign < 0 {
		ranked = (*Ranked).min
	}
	return &Func{
		Arg: arg, Result: arg, ranked: ranked, extreme: sign,
		New:        func() State { return &extremum{bag: newBag(arg), sign: sign} },
		NewAddOnly: func() State { return &addedExtremum{t: arg, sign: sign} },
	}
}

// extremum is MIN (sign -1) and MAX (sign 1).
type extremum struct {
	bag  bag
	sign int
}

func (s *extremum) Add(v types.Value)     { s.bag.add(v, 1, false) }
func (s *extremum) Retract(v types.Value) { s.bag.add(v, -1, false) }
func (s *extremum) Merge(other State)     { s.bag.merge(&other.(*extremum).bag) }
func (s *extremum) Reset()                { s.bag.reset() }

func (s *extremum) Result() (types.Value, error) {
	best := addedExtremum{sign: s.sign}
	for i := range s.bag.items {
		if it := &s.bag.items[i]; it.n > 0 && best.beatenBy(it.v) {
			best.best = it.v
		}
	}
	return best.best, nil
}

func (s *extremum) AppendTo(dst []byte) []byte          { return s.bag.appendTo(dst) }
func (s *extremum) ReadFrom(src []byte) ([]byte, error) { return s.bag.readFrom(src) }

// addedExtremum is extremum where nothing is retracted: only the best so far is kept.
type addedExtremum struct {
	t    types.Type
	sign int
	best types.Value // owned
}

func (s *addedExtremum) Add(v types.Value) {
	if s.beatenBy(v) {
		s.best = v.Clone()
	}
}

func (s *addedExtremum) beatenBy(v types.Value) bool {
	if v.IsNull() || s.best.IsNull() {
		return !v.IsNull()
	}
	if c := types.Compare(v, s.best) * s.sign; c != 0 {
		return c > 0
	}
	return compareForms(v, s.best) > 0
}

func (s *addedExtremum) Retract(types.Value) {
	panic("agg: retraction from a state made by NewAddOnly")
}

func (s *addedExtremum) Merge(other State)            { s.Add(other.(*addedExtremum).best) }
func (s *addedExtremum) Result() (types.Value, error) { return s.best, nil }
func (s *addedExtremum) Reset()                       { s.best = null }

func (s *addedExtremum) AppendTo(dst []byte) []byte {
	if s.best.IsNull() {
		return append(dst, 0)
	}
	return types.AppendValue(append(dst, 1), s.t, s.best)
}

func (s *addedExtremum) ReadFrom(src []byte) ([]byte, error) {
	s.best = null
	r := reader{src: src}
	if r.uvarint() == 0 {
		return r.end()
	}
	v, rest, err := types.ReadValue(r.src, s.t)
	if err != nil || v.IsNull() {
		return nil, errCorrupt
	}
	s.best = v.Clone()
	return rest, nil
}
