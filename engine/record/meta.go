package record

import "github.com/asofdb/asof/sql/types"

// The flags of a change, in one byte with its operation.
const (
	opMask      = 0x0F
	flagNew     = 0x10 // New is there
	flagOld     = 0x20 // Old is there
	flagSnap    = 0x40 // Snapshot
	flagKnownPC = 0x80 // PrevC is known
)

// An encoder writes sections into raw.
type encoder struct {
	changes []Change
	raw     []byte
	packed  []byte // scratch, as all below
	ints    []int64
	refs    []int64
	run     []*types.Value
	set     []bool
}

// meta writes the section of what is not a column.
func (e *encoder) meta() {
	sentAs := e.changes[0].SentAs
	uniform := true
	for i := range e.changes {
		c := &e.changes[i]
		e.raw = append(e.raw, c.flags())
		uniform = uniform && c.SentAs == sentAs
	}
	if uniform {
		e.raw = append(e.raw, 0, sentAs)
	} else {
		e.raw = append(e.raw, 1)
		for i := range e.changes {
			e.raw = append(e.raw, e.changes[i].SentAs)
		}
	}
	for _, field := range metaFields {
		e.ints = e.ints[:0]
		for i := range e.changes {
			e.ints = append(e.ints, *field(&e.changes[i]))
		}
		e.raw = appendInts(e.raw, e.ints, nil)
	}
	e.ints, e.refs = e.ints[:0], e.refs[:0]
	for i := range e.changes {
		e.ints = append(e.ints, e.changes[i].Commit)
		e.refs = append(e.refs, e.changes[i].C)
	}
	e.raw = appendInts(e.raw, e.ints, e.refs)
	e.ints, e.refs = e.ints[:0], e.refs[:0]
	for i := range e.changes {
		if c := &e.changes[i]; c.PrevC != NoPrevC {
			e.ints = append(e.ints, c.PrevC)
			e.refs = append(e.refs, c.C)
		}
	}
	e.raw = appendInts(e.raw, e.ints, e.refs)
}

// metaFields are the numbers of every change that need no reference; Commit and PrevC are close to C.
var metaFields = []func(*Change) *int64{
	func(c *Change) *int64 { return &c.Pos },
	func(c *Change) *int64 { return &c.C },
	func(c *Change) *int64 { return &c.Tx },
	func(c *Change) *int64 { return &c.LSN },
	func(c *Change) *int64 { return &c.Order },
}

func (c *Change) flags() byte {
	f := byte(c.Op) & opMask
	if c.New != nil {
		f |= flagNew
	}
	if c.Old != nil {
		f |= flagOld
	}
	if c.Snapshot {
		f |= flagSnap
	}
	if c.PrevC != NoPrevC {
		f |= flagKnownPC
	}
	return f
}

// A decoder fills changes from sections.
type decoder struct {
	changes []Change
	ints    []int64 // scratch
	refs    []int64 // scratch
}

// meta makes n changes of the section of what is not a column, with images of cols NULLs.
func (d *decoder) meta(raw []byte, n, cols int) error {
	r := reader{b: raw}
	flags := r.bytes(n)
	if r.err != nil {
		return r.err
	}
	d.changes = make([]Change, n)
	images := 0
	for i, f := range flags {
		c := &d.changes[i]
		c.Op, c.Snapshot = Op(f&opMask), f&flagSnap != 0
		if f&flagNew != 0 {
			images++
		}
		if f&flagOld != 0 {
			images++
		}
	}
	switch r.byte() {
	case 0:
		sentAs := r.byte()
		for i := range d.changes {
			d.changes[i].SentAs = sentAs
		}
	case 1:
		for i, b := range r.bytes(n) {
			d.changes[i].SentAs = b
		}
	default:
		r.fail("the letters of the operations are of no known form")
	}
	for _, field := range metaFields {
		d.ints = r.ints(d.ints, n, nil)
		for i, v := range d.ints {
			*field(&d.changes[i]) = v
		}
	}
	d.refs = d.refs[:0]
	for i := range d.changes {
		d.refs = append(d.refs, d.changes[i].C)
	}
	d.ints = r.ints(d.ints, n, d.refs)
	for i, v := range d.ints {
		d.changes[i].Commit = v
	}
	d.prevC(&r, flags)
	if err := r.end(); err != nil {
		return err
	}
	if cols > 0 && images > maxImages/cols {
		r.fail("%d images of %d columns", images, cols)
		return r.err
	}
	d.makeImages(flags, images, cols)
	return nil
}

// maxImages bounds the values of a block: MaxChanges with two images of 64 columns, or fewer changes with more columns.
const maxImages = MaxChanges * 2 * 64

func (d *decoder) prevC(r *reader, flags []byte) {
	d.refs = d.refs[:0]
	for i, f := range flags {
		d.changes[i].PrevC = NoPrevC
		if f&flagKnownPC != 0 {
			d.refs = append(d.refs, d.changes[i].C)
		}
	}
	d.ints = r.ints(d.ints, len(d.refs), d.refs)
	known := d.ints
	for i, f := range flags {
		if f&flagKnownPC != 0 && len(known) > 0 {
			d.changes[i].PrevC = known[0]
			known = known[1:]
		}
	}
}

// makeImages cuts all images from one slice.
func (d *decoder) makeImages(flags []byte, images, cols int) {
	values := make([]types.Value, images*cols)
	cut := func() []types.Value {
		v := values[:cols:cols]
		values = values[cols:]
		return v
	}
	for i, f := range flags {
		if f&flagNew != 0 {
			d.changes[i].New = cut()
		}
		if f&flagOld != 0 {
			d.changes[i].Old = cut()
		}
	}
}
