package window

import (
	"errors"
	"math"
	"slices"
	"sort"

	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/types"
)

// sweep carries the aggregates of one entity through time. The log is read once (load.go); then each step to a later moment costs what the entries cost
// that come into sight, come into a window or leave one.
//
// Entries stand in log order. They are in sight up to seen, and forgotten by a TRUNCATE up to dead. An entry counts in a cell where it is in sight, not
// forgotten, within the band's interval, and passes the cell's row filter. Nothing but these four decides, so that what is taken out of a cell is
// exactly what was put in.
//
// A sweep that fails says only that it cannot go on: whether there is an error for anybody to see, and which, is for Eval to say.
type sweep struct {
	ev  *Evaluator
	key []types.Value

	entries     entries
	bands       []band
	turns       []turn // by moment
	truncations []forgetting
	ranks       []agg.Ranking // by argument
	ranked      []bool        // the arguments that are ranked for this entity

	t          int64
	seen, dead int
	// turned and truncated are how many turns and truncations are over.
	turned, truncated int

	// stale says that some cell has changed since the row was computed.
	stale  bool
	exists bool
}

// band is the cells whose rows are bounded alike.
type band struct {
	bounds []int // among the evaluator's
	lo, hi int64 // both inclusive
	// Of the entries in the order of event time, from is the first that is not below lo, and beyond the first that is above hi.
	from, beyond int
	cells        []cell
	// leaving and coming are when the entries at these places cross, as far as it has been asked.
	leaving, coming crossing
}

// crossing is when the entry at a place crosses a bound, where it does so up to a moment; place is -1 where that is not known.
type crossing struct {
	place int
	upTo  int64
	at    int64
	found bool
}

// known reports whether x says when the entry at a place crosses, if it does so up to last. A crossing after that may be said as well.
func (x *crossing) known(place int, last int64) bool {
	return x.place == place && (x.found || last <= x.upTo)
}

// cell is the rows within its band that pass a row filter.
type cell struct {
	verdict int // among the entries': 0 is WHERE alone
	n       int64
	tallies []tally
	stale   bool
}

// tally is a measure's accumulation over a cell. Rows are counted by the cell, and have neither state nor ranks.
type tally struct {
	arg    int
	fn     *agg.Func
	aggs   []int
	state  agg.State
	plain  agg.Plain // the state, where it takes plain numbers
	ranked *agg.Ranked
}

// turn is a moment at which row filters or arguments may be others for an entry.
type turn struct {
	t     int64
	entry int
}

// forgetting is a TRUNCATE: from c on, entries before the place are forgotten.
type forgetting struct {
	c, pos int64
	place  int
}

// newSweep lays out the cells: for each set of bounds a band, for each row filter under it a cell. An entity of a feature with a key exists by the rows
// of the first cell, which is WHERE alone.
func newSweep(ev *Evaluator) *sweep {
	s := &sweep{ev: ev}
	s.entries.init(ev)
	s.ranks, s.ranked = make([]agg.Ranking, len(ev.args.list)), make([]bool, len(ev.args.list))
	if len(ev.f.Keys) > 0 {
		s.cell(ev.where.bounds, -1)
	}
	ms := make([][]measure, len(ev.filters))
	for i := range ev.f.Aggs {
		together := shareRanks
		if arg := ev.argOf[i]; arg >= 0 && ev.args.list[arg].timed {
			together = shareState // a column is ranked once
		}
		f := ev.filterOf[i]
		ms[f] = join(ms[f], ev.argOf[i], ev.f.Aggs[i].Fn, f, i, together)
	}
	for i := range ev.filters {
		f := &ev.filters[i]
		c := s.cell(append(slices.Clone(ev.where.bounds), f.bounds...), f.rest)
		for _, m := range ms[i] {
			c.tallies = append(c.tallies, newTally(ev, &m))
		}
	}
	return s
}

func newTally(ev *Evaluator, m *measure) tally {
	t := tally{arg: m.arg, fn: m.fn, aggs: m.uses[0].aggs}
	switch {
	case m.arg < 0:
	case m.fn.Ranks() && !ev.args.list[m.arg].timed:
		t.ranked = new(agg.Ranked)
	default:
		t.state = m.fn.New()
		t.plain, _ = t.state.(agg.Plain)
	}
	return t
}

// cell returns the cell of a set of bounds and a row filter, a new one if there is none.
func (s *sweep) cell(bounds []int, rest int) *cell {
	bounds = slices.Clone(bounds)
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	at := slices.IndexFunc(s.bands, func(b band) bool { return slices.Equal(b.bounds, bounds) })
	if at < 0 {
		at = len(s.bands)
		s.bands = append(s.bands, band{bounds: bounds})
	}
	b := &s.bands[at]
	for i := range b.cells {
		if b.cells[i].verdict == rest+1 {
			return &b.cells[i]
		}
	}
	b.cells = append(b.cells, cell{verdict: rest + 1})
	return &b.cells[len(b.cells)-1]
}

// empty takes all rows out of all cells: the sweep stands before all time.
func (s *sweep) empty() {
	s.t, s.seen, s.dead, s.turned, s.truncated = math.MinInt64, 0, 0, 0, 0
	s.stale, s.exists = true, false
	clear(s.ev.errs)
	for i := range s.bands {
		b := &s.bands[i]
		b.lo, b.hi, b.from, b.beyond = math.MinInt64, math.MinInt64, 0, 0
		b.leaving.place, b.coming.place = -1, -1
		for j := range b.cells {
			c := &b.cells[j]
			c.n, c.stale = 0, true
			for k := range c.tallies {
				if state := c.tallies[k].state; state != nil {
					state.Reset()
				}
			}
		}
	}
}

// errUnsteady is why a sweep fails that is led backwards, or whose bounds are.
var errUnsteady = errors.New("window: time or a bound moved backwards")

// advance leads to t, which is not before the moment at which the sweep is.
func (s *sweep) advance(t int64) error {
	if t < s.t {
		return errUnsteady
	}
	ev := s.ev
	ev.rows.env.Now = t
	if err := ev.moveBounds(&ev.rows.env); err != nil {
		return err
	}
	s.forget(t)
	if err := s.takeTurns(t); err != nil {
		return err
	}
	for i := range s.bands {
		b := &s.bands[i]
		lo, hi := ev.interval(b.bounds)
		if lo < b.lo || hi < b.hi {
			return errUnsteady
		}
		s.leave(b, lo)
		s.come(b, hi)
	}
	if err := s.appear(t); err != nil {
		return err
	}
	s.t = t
	return nil
}

// leave raises the lower bound of b: what falls below it is taken out.
func (s *sweep) leave(b *band, lo int64) {
	x := &s.entries
	for ; b.from < len(x.byE); b.from++ {
		i := int(x.byE[b.from])
		if x.e[i] >= lo {
			break
		}
		if s.dead <= i && i < s.seen && x.e[i] <= b.hi {
			s.put(b, i, -x.sign[i])
		}
	}
	b.lo = lo
}

// come raises the upper bound of b: what it no longer excludes is put in.
func (s *sweep) come(b *band, hi int64) {
	x := &s.entries
	for ; b.beyond < len(x.byE); b.beyond++ {
		i := int(x.byE[b.beyond])
		if x.e[i] > hi {
			break
		}
		if s.dead <= i && i < s.seen && x.e[i] >= b.lo && x.e[i] > b.hi {
			s.put(b, i, x.sign[i])
		}
	}
	b.hi = hi
}

// appear brings into sight what is visible at t.
func (s *sweep) appear(t int64) error {
	x := &s.entries
	for ; s.seen < len(x.c) && x.c[s.seen] <= t; s.seen++ {
		i := s.seen
		if i < s.dead {
			continue
		}
		if x.timed {
			if err := x.judgeAgain(i); err != nil {
				return err
			}
		}
		for j := range s.bands {
			if b := &s.bands[j]; b.admits(x, i) {
				s.put(b, i, x.sign[i])
			}
		}
	}
	return nil
}

// forget takes out what is truncated at t.
func (s *sweep) forget(t int64) {
	for ; s.truncated < len(s.truncations) && s.truncations[s.truncated].c <= t; s.truncated++ {
		for ; s.dead < s.truncations[s.truncated].place; s.dead++ {
			if s.dead < s.seen {
				s.putAll(s.dead, -1)
			}
		}
	}
}

// takeTurns judges the entries again for which row filters or arguments may be others at t.
func (s *sweep) takeTurns(t int64) error {
	for ; s.turned < len(s.turns) && s.turns[s.turned].t <= t; s.turned++ {
		i := s.turns[s.turned].entry
		if i < s.dead || i >= s.seen {
			continue // it is forgotten, or is judged when it appears
		}
		s.putAll(i, -1)
		if err := s.entries.judgeAgain(i); err != nil {
			return err
		}
		s.putAll(i, 1)
	}
	return nil
}

// putAll puts entry i, which is in sight, into all cells in which it counts, or with -1 takes it out.
func (s *sweep) putAll(i int, sign int8) {
	for j := range s.bands {
		if b := &s.bands[j]; b.admits(&s.entries, i) {
			s.put(b, i, sign*s.entries.sign[i])
		}
	}
}

// admits reports whether entry i is within the band's interval.
func (b *band) admits(x *entries, i int) bool {
	return len(b.bounds) == 0 || x.hasE[i] && b.lo <= x.e[i] && x.e[i] <= b.hi
}

// put adds entry i to the cells of b whose row filter it passes, or with -1 retracts it.
func (s *sweep) put(b *band, i int, sign int8) {
	for j := range b.cells {
		c := &b.cells[j]
		if !s.entries.passes(c.verdict, i) {
			continue
		}
		s.stale, c.stale = true, true
		c.n += int64(sign)
		for k := range c.tallies {
			t := &c.tallies[k]
			switch {
			case t.ranked != nil:
				t.ranked.Add(i, sign)
			case t.state == nil:
			case t.plain != nil && s.entries.args[t.arg].numbers:
				if x, ok := s.entries.args[t.arg].number(i); ok {
					t.plain.AddPlain(x, s.entries.args[t.arg].scale, int64(sign))
				}
			case sign > 0:
				t.state.Add(s.entries.args[t.arg].at(i))
			default:
				t.state.Retract(s.entries.args[t.arg].at(i))
			}
		}
	}
}

// row is the feature's row where the sweep is, nil where the entity has none. It is good until the next advance; what its values point to is the log's.
func (s *sweep) row() ([]types.Value, error) {
	if s.stale {
		if err := s.compute(); err != nil {
			return nil, err
		}
		s.stale = false
	}
	if !s.exists {
		return nil, nil
	}
	return s.ev.row, nil
}

func (s *sweep) compute() error {
	ev := s.ev
	if s.exists = len(ev.f.Keys) == 0 || s.bands[0].cells[0].n > 0; !s.exists {
		return nil
	}
	for i := range s.bands {
		for j := range s.bands[i].cells {
			if c := &s.bands[i].cells[j]; c.stale {
				s.read(c)
				c.stale = false
			}
		}
	}
	for _, err := range ev.errs {
		if err != nil {
			return err
		}
	}
	_, err := ev.outputs(s.key, s.t)
	return err
}

// read takes the results of a cell's aggregates.
func (s *sweep) read(c *cell) {
	results, errs := s.ev.results(), s.ev.errs
	for i := range c.tallies {
		t := &c.tallies[i]
		for _, a := range t.aggs {
			fn := s.ev.f.Aggs[a].Fn
			switch {
			case t.ranked != nil:
				results[a] = t.ranked.Result(fn)
			case t.state == nil:
				results[a] = types.NewInt8(c.n)
			default:
				results[a], errs[a] = fn.Read(t.state)
			}
		}
	}
}

// next returns the first moment after the sweep's, up to the last, at which a cell may change.
func (s *sweep) next(last int64) (t int64, found bool, err error) {
	x := &s.entries
	t = math.MaxInt64
	earliest := func(at int64) {
		if at <= last && (at < t || !found) {
			t, found = at, true
		}
	}
	if s.seen < len(x.c) {
		earliest(x.c[s.seen])
	}
	if s.truncated < len(s.truncations) {
		earliest(s.truncations[s.truncated].c)
	}
	if s.turned < len(s.turns) {
		earliest(s.turns[s.turned].t)
	}
	for i := range s.bands {
		b := &s.bands[i]
		if err := s.nextLeaving(b, last); err != nil {
			return 0, false, err
		}
		if b.leaving.found {
			earliest(b.leaving.at)
		}
		if err := s.nextComing(b, last); err != nil {
			return 0, false, err
		}
		if b.coming.found {
			earliest(b.coming.at)
		}
	}
	return t, found, nil
}

// recent returns whether there are moments after the sweep's, up to t, at which a cell may change, and a moment after which there are few of them, if there are
// as many from one cause; else the sweep's own.
func (s *sweep) recent(t int64, few int) (after int64, any bool, err error) {
	x, ev := &s.entries, s.ev
	ev.rows.env.Now = t
	if err := ev.moveBounds(&ev.rows.env); err != nil {
		return 0, false, err
	}
	after = s.t
	any = s.truncated < len(s.truncations) && s.truncations[s.truncated].c <= t || s.turned < len(s.turns) && s.turns[s.turned].t <= t
	if n := sort.Search(len(x.c)-s.seen, func(i int) bool { return x.c[s.seen+i] > t }); n > 0 {
		any = true
		if n >= few {
			after = max(after, x.c[s.seen+n-few]-1)
		}
	}
	for i := range s.bands {
		b := &s.bands[i]
		lo, hi := ev.interval(b.bounds)
		below := sort.Search(len(x.byE)-b.from, func(i int) bool { return x.e[x.byE[b.from+i]] >= lo })
		within := sort.Search(len(x.byE)-b.beyond, func(i int) bool { return x.e[x.byE[b.beyond+i]] > hi })
		any = any || below > 0 || within > 0
		if below >= few {
			at, found, err := s.leaves(b, b.from+below-few, t)
			if err != nil {
				return 0, false, err
			}
			if found {
				after = max(after, at-1)
			}
		}
		if within >= few {
			at, found, err := s.comes(b, b.beyond+within-few, t)
			if err != nil {
				return 0, false, err
			}
			if found {
				after = max(after, at-1)
			}
		}
	}
	return after, any, nil
}

// nextLeaving finds when the earliest entry within b's lower bound falls below it.
func (s *sweep) nextLeaving(b *band, last int64) (err error) {
	x := &b.leaving
	if x.known(b.from, last) {
		return nil
	}
	*x = crossing{place: b.from, upTo: last}
	if b.from < len(s.entries.byE) {
		x.at, x.found, err = s.leaves(b, b.from, last)
	}
	return err
}

// nextComing finds when the earliest entry above b's upper bound comes within it.
func (s *sweep) nextComing(b *band, last int64) (err error) {
	x := &b.coming
	if x.known(b.beyond, last) {
		return nil
	}
	*x = crossing{place: b.beyond, upTo: last}
	if b.beyond < len(s.entries.byE) {
		x.at, x.found, err = s.comes(b, b.beyond, last)
	}
	return err
}

// leaves returns when the entry at a place in the order of event time falls below b's lower bound: when it crosses the first of the lower bounds.
func (s *sweep) leaves(b *band, place int, last int64) (first int64, any bool, err error) {
	e := s.entries.e[s.entries.byE[place]]
	for _, i := range b.bounds {
		if s.ev.bounds[i].upper {
			continue
		}
		at, found, err := s.ev.bounds[i].crossing(e, s.t, last)
		if err != nil {
			return 0, false, err
		}
		if found && (!any || at < first) {
			first, any = at, true
		}
	}
	return first, any, nil
}

// comes returns when the entry at a place in the order of event time comes within b's upper bound: when it has crossed the last of the upper bounds.
func (s *sweep) comes(b *band, place int, last int64) (latest int64, any bool, err error) {
	e := s.entries.e[s.entries.byE[place]]
	for _, i := range b.bounds {
		if !s.ev.bounds[i].upper {
			continue
		}
		at, found, err := s.ev.bounds[i].crossing(e, s.t, last)
		if err != nil || !found {
			return 0, false, err
		}
		latest, any = max(latest, at), true
	}
	return latest, any, nil
}
