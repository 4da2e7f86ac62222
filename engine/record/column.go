package record

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/asofdb/asof/sql/types"
)

// How the old values of changes that have both images relate to the new ones.
const (
	sameNone byte = iota // each is written
	sameAll              // none is written
	sameSome             // a bitmap over them says which are the same
)

// How NULLs are written.
const (
	nullNone byte = iota
	nullAll
	nullSome // a bitmap over the values says which are
)

// column writes the section of column i, of type t.
func (e *encoder) column(i int, t types.Type) {
	e.raw = append(e.raw, byte(t.Kind))
	same := e.appendSame(i)
	e.run, e.refs = e.run[:0], e.refs[:0]
	for k := range e.changes {
		if c := &e.changes[k]; c.New != nil {
			e.run, e.refs = append(e.run, &c.New[i]), append(e.refs, c.C)
		}
	}
	e.values(t, e.run, e.refs)
	e.run, e.refs = e.run[:0], e.refs[:0]
	both := 0
	for k := range e.changes {
		c := &e.changes[k]
		if c.Old == nil {
			continue
		}
		if c.New != nil {
			both++
			if same[both-1] {
				continue
			}
		}
		e.run, e.refs = append(e.run, &c.Old[i]), append(e.refs, c.C)
	}
	e.values(t, e.run, e.refs)
}

// appendSame writes, and returns, which old values equal the new ones of the same change, over the changes that have both.
func (e *encoder) appendSame(i int) []bool {
	same, n := e.set[:0], 0
	for k := range e.changes {
		c := &e.changes[k]
		if c.Old == nil || c.New == nil {
			continue
		}
		s := identical(&c.Old[i], &c.New[i])
		same = append(same, s)
		if s {
			n++
		}
	}
	e.set = same
	e.appendBitmap(same, n, sameNone, sameAll, sameSome)
	return same
}

// appendBitmap writes set, of which n are true: a byte for none, all or some, and for some a bitmap.
func (e *encoder) appendBitmap(set []bool, n int, none, all, some byte) {
	switch n {
	case 0:
		e.raw = append(e.raw, none)
	case len(set):
		e.raw = append(e.raw, all)
	default:
		e.raw = appendBits(append(e.raw, some), set)
	}
}

func appendBits(dst []byte, set []bool) []byte {
	at := len(dst)
	dst = append(dst, make([]byte, (len(set)+7)/8)...)
	for i, b := range set {
		if b {
			dst[at+i/8] |= 1 << (i % 8)
		}
	}
	return dst
}

// identical is types.Identical, quicker for what fits no pointer.
func identical(a, b *types.Value) bool {
	if a.X == nil && b.X == nil {
		return a.Kind == b.Kind && a.I == b.I && a.Scale == b.Scale && a.S == b.S
	}
	return types.Identical(*a, *b)
}

// values writes a run of values: NULLs, then the others.
func (e *encoder) values(t types.Type, vs []*types.Value, refs []int64) {
	if len(vs) == 0 {
		return
	}
	nulls := 0
	for i := range vs {
		if vs[i].Kind == types.Null {
			nulls++
		}
	}
	switch nulls {
	case 0:
		e.raw = append(e.raw, nullNone)
	case len(vs):
		e.raw = append(e.raw, nullAll)
		return
	default:
		set := make([]bool, len(vs))
		n := 0
		for i := range vs {
			if set[i] = vs[i].Kind == types.Null; !set[i] {
				vs[n], refs[n] = vs[i], refs[i]
				n++
			}
		}
		e.raw = appendBits(append(e.raw, nullSome), set)
		vs, refs = vs[:n], refs[:n]
	}
	e.nonNull(t, vs, refs)
}

// The forms in which the values of a run are written, after their NULLs.
const (
	formInts    byte = iota // I as a stream
	formBits                // I as a bitmap
	formNumeric             // Scale, uniform, then I as a stream
	formScales              // Scale as a stream, then I as a stream
	formText                // see text.go
	formGeneral             // types.AppendValue of each
)

// form is how the values of a run are best written.
func form(t types.Type, vs []*types.Value) byte {
	switch t.Kind {
	case types.Bool:
		return formBits
	case types.Int2, types.Int4, types.Int8, types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Float4, types.Float8:
		return formInts
	case types.Interval:
		if noX(vs) {
			return formInts
		}
	case types.Numeric:
		if !noX(vs) {
			break
		}
		for i := range vs {
			if vs[i].Scale != vs[0].Scale {
				return formScales
			}
		}
		return formNumeric
	case types.Text, types.Varchar, types.Char, types.JSON, types.JSONB, types.Bytea, types.UUID:
		return formText
	}
	return formGeneral
}

func noX(vs []*types.Value) bool {
	for i := range vs {
		if vs[i].X != nil {
			return false
		}
	}
	return true
}

func (e *encoder) nonNull(t types.Type, vs []*types.Value, refs []int64) {
	f := form(t, vs)
	e.raw = append(e.raw, f)
	switch f {
	case formInts:
		if t.Kind != types.Timestamp && t.Kind != types.Timestamptz {
			refs = nil
		}
		e.intValues(vs, refs)
	case formBits:
		set := make([]bool, len(vs))
		for i := range vs {
			set[i] = vs[i].I != 0
		}
		e.raw = appendBits(e.raw, set)
	case formNumeric:
		e.raw = binary.AppendVarint(e.raw, int64(vs[0].Scale))
		e.intValues(vs, nil)
	case formScales:
		e.ints = e.ints[:0]
		for i := range vs {
			e.ints = append(e.ints, int64(vs[i].Scale))
		}
		e.raw = appendInts(e.raw, e.ints, nil)
		e.intValues(vs, nil)
	case formText:
		e.raw = appendText(e.raw, vs)
	default:
		for i := range vs {
			e.raw = types.AppendValue(e.raw, t, *vs[i])
		}
	}
}

func (e *encoder) intValues(vs []*types.Value, refs []int64) {
	e.ints = e.ints[:0]
	for i := range vs {
		e.ints = append(e.ints, vs[i].I)
	}
	e.raw = appendInts(e.raw, e.ints, refs)
}

// column reads the section of column i, of type t, into the images.
func (d *decoder) column(raw []byte, i int, t types.Type) error {
	r := reader{b: raw}
	if kind := types.Kind(r.byte()); kind != t.Kind && r.err == nil {
		return fmt.Errorf("%w: values of kind %d where kind %d is declared", ErrCorrupt, kind, t.Kind)
	}
	both, news := 0, 0
	for k := range d.changes {
		if c := &d.changes[k]; c.New != nil {
			news++
			if c.Old != nil {
				both++
			}
		}
	}
	same := r.bitmap(both, sameNone, sameAll, sameSome)
	into := make([]*types.Value, 0, news)
	d.refs = d.refs[:0]
	for k := range d.changes {
		if c := &d.changes[k]; c.New != nil {
			into, d.refs = append(into, &c.New[i]), append(d.refs, c.C)
		}
	}
	d.values(&r, t, into)
	into, d.refs = into[:0], d.refs[:0]
	both = 0
	for k := range d.changes {
		c := &d.changes[k]
		if c.Old == nil {
			continue
		}
		if c.New != nil {
			both++
			if same.has(both - 1) {
				c.Old[i] = c.New[i]
				continue
			}
		}
		into, d.refs = append(into, &c.Old[i]), append(d.refs, c.C)
	}
	d.values(&r, t, into)
	return r.end()
}

// A bitmap as it was read: all alike, or bits.
type bitmap struct {
	all  bool
	bits []byte
	n    int // how many are set
}

func (b bitmap) has(i int) bool {
	if b.bits == nil {
		return b.all
	}
	return b.bits[i/8]&(1<<(i%8)) != 0
}

func (r *reader) bitmap(n int, none, all, some byte) (b bitmap) {
	switch mark := r.byte(); mark {
	case none:
	case all:
		b.all, b.n = true, n
	case some:
		b = r.bits(n)
	default:
		r.fail("a bitmap of no known form")
	}
	return b
}

func (r *reader) bits(n int) (b bitmap) {
	b.bits = r.bytes((n + 7) / 8)
	for _, x := range b.bits {
		b.n += bits.OnesCount8(x)
	}
	if n%8 != 0 && len(b.bits) > 0 && b.bits[n/8]>>(n%8) != 0 {
		r.fail("a bitmap has bits beyond its end")
	}
	return b
}

// values reads a run of values into the places given.
func (d *decoder) values(r *reader, t types.Type, into []*types.Value) {
	if len(into) == 0 {
		return
	}
	nulls := r.bitmap(len(into), nullNone, nullAll, nullSome)
	if r.err != nil || nulls.n == len(into) {
		return
	}
	if nulls.bits != nil {
		n := 0
		for i := range into {
			if !nulls.has(i) {
				into[n], d.refs[n] = into[i], d.refs[i]
				n++
			}
		}
		into, d.refs = into[:n], d.refs[:n]
	}
	d.nonNull(r, t, into)
}

// fits reports whether values of a kind may be written in the form f.
func fits(f byte, k types.Kind) bool {
	switch f {
	case formBits:
		return k == types.Bool
	case formNumeric, formScales:
		return k == types.Numeric
	case formInts:
		return form(types.Type{Kind: k}, nil) == formInts
	case formText:
		return form(types.Type{Kind: k}, nil) == formText
	}
	return true
}

func (d *decoder) nonNull(r *reader, t types.Type, into []*types.Value) {
	n := len(into)
	f := r.byte()
	if !fits(f, t.Kind) {
		r.fail("values of kind %d in form %d", t.Kind, f)
		return
	}
	switch f {
	case formInts:
		d.ints = r.ints(d.ints, n, d.refs)
		for i, v := range d.ints {
			*into[i] = types.Value{Kind: t.Kind, I: v}
		}
	case formBits:
		set := r.bits(n)
		if r.err != nil {
			return
		}
		for i := range into {
			*into[i] = types.Value{Kind: t.Kind}
			if set.has(i) {
				into[i].I = 1
			}
		}
	case formNumeric:
		scale := r.varint()
		d.ints = r.ints(d.ints, n, nil)
		for i, v := range d.ints {
			*into[i] = types.Value{Kind: t.Kind, Scale: int16(scale), I: v}
		}
	case formScales:
		d.ints = r.ints(d.ints, n, nil)
		for i, v := range d.ints {
			*into[i] = types.Value{Kind: t.Kind, Scale: int16(v)}
		}
		d.ints = r.ints(d.ints, n, nil)
		for i, v := range d.ints {
			into[i].I = v
		}
	case formText:
		d.text(r, t.Kind, into)
	case formGeneral:
		for i := range into {
			v, rest, err := types.ReadValue(r.b, t)
			if err != nil {
				r.fail("value %d: %v", i+1, err)
				return
			}
			*into[i], r.b = v.Clone(), rest
		}
	default:
		r.fail("values of no known form")
	}
}
