package window

import (
	"cmp"
	"math"
	"slices"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// entries are those of a log that may count between two moments, in log order, each judged: which row filters it passes, what its arguments are.
type entries struct {
	ev   *Evaluator
	c, e []int64
	hasE []bool
	sign []int8
	byE  []int32 // those with an event time, in its order
	// pass is by verdict: those that pass WHERE, then for each row filter those that pass WHERE and it. always are the verdicts that all pass: entries
	// that fail WHERE are left out.
	pass   []bits
	always []bool
	args   []column

	rests []int // the row filters that cells have

	// timed says that verdicts and arguments change with time: entries are judged as they appear and at their turns, and keep their columns for it.
	timed bool
	kept  []history.Entry
	at    []int64 // scratch of add

	late []int32 // scratch of sortByE
}

func (x *entries) init(ev *Evaluator) {
	x.ev, x.timed = ev, len(ev.edges) > 0
	x.pass, x.always = make([]bits, 1+len(ev.rests.exprs)), make([]bool, 1+len(ev.rests.exprs))
	x.always[0] = !x.timed || ev.where.rest < 0
	x.args = make([]column, len(ev.args.list))
	for i := range ev.filters {
		if r := ev.filters[i].rest; r >= 0 && !slices.Contains(x.rests, r) {
			x.rests = append(x.rests, r)
		}
	}
}

func (x *entries) reset() {
	clear(x.kept)
	x.c, x.e, x.hasE, x.sign, x.byE, x.kept = x.c[:0], x.e[:0], x.hasE[:0], x.sign[:0], x.byE[:0], x.kept[:0]
	for i := range x.pass {
		x.pass[i] = x.pass[i][:0]
	}
	for i := range x.args {
		x.args[i].reset()
	}
}

// passes reports whether entry i passes a verdict.
func (x *entries) passes(verdict, i int) bool { return x.always[verdict] || x.pass[verdict].has(i) }

// load reads what of an entity's log may count from first to last, and leaves the sweep before all time.
func (s *sweep) load(key []types.Value, log *Log, first, last int64) error {
	x := &s.entries
	x.reset()
	s.key = key
	s.turns, s.truncations = s.turns[:0], s.truncations[:0]
	s.ev.rows.begin(key, first)
	w, any, err := s.window(first, last)
	if err != nil {
		return err
	}
	if any {
		if err := s.scan(log, w, first, last); err != nil {
			return err
		}
	}
	slices.SortFunc(s.turns, func(a, b turn) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.entry, b.entry)) })
	x.sortByE()
	s.empty()
	s.rank()
	return nil
}

// window returns the part of the log that the bands cover between two moments, and whether they cover any.
func (s *sweep) window(first, last int64) (history.Window, bool, error) {
	w := history.Window{AsOf: last, ELow: math.MaxInt64, EHigh: math.MinInt64}
	ev := s.ev
	lows := make([]int64, len(s.bands))
	ev.rows.env.Now = first
	if err := ev.moveBounds(&ev.rows.env); err != nil {
		return w, false, err
	}
	for i := range s.bands {
		lows[i], _ = ev.interval(s.bands[i].bounds)
	}
	ev.rows.env.Now = last
	if err := ev.moveBounds(&ev.rows.env); err != nil {
		return w, false, err
	}
	any := false
	for i := range s.bands {
		if _, hi := ev.interval(s.bands[i].bounds); lows[i] <= hi {
			widen(&w, lows[i], hi)
			any = true
		}
	}
	return w, any, nil
}

// scan reads the entries, and finds the places of the truncations among them.
func (s *sweep) scan(log *Log, w history.Window, first, last int64) error {
	for _, t := range log.Truncations {
		if first < t.C && t.C <= last {
			s.truncations = append(s.truncations, forgetting{c: t.C, pos: t.Pos})
		}
	}
	slices.SortFunc(s.truncations, func(a, b forgetting) int { return cmp.Compare(a.pos, b.pos) })
	x, cursor := &s.entries, s.ev.cursor
	before, placed := log.firstPos(first), 0
	cursor.Open(log.Root, log.More, w, log.Fetch, log.Pending...)
	for e := cursor.Next(); e != nil; e = cursor.Next() {
		for placed < len(s.truncations) && s.truncations[placed].pos <= e.Pos {
			s.truncations[placed].place = len(x.c)
			placed++
		}
		if e.Pos < before {
			continue
		}
		if err := s.add(e, first, last); err != nil {
			return err
		}
	}
	for ; placed < len(s.truncations); placed++ {
		s.truncations[placed].place = len(x.c)
	}
	slices.SortFunc(s.truncations, func(a, b forgetting) int { return cmp.Compare(a.c, b.c) })
	return cursor.Err()
}

// add takes an entry, unless WHERE excludes it for good.
func (s *sweep) add(e *history.Entry, first, last int64) error {
	x := &s.entries
	i := len(x.c)
	if x.timed {
		if err := x.keep(i, e); err != nil {
			return err
		}
		for g := range s.ev.edges {
			var err error
			if x.at, err = s.ev.edges[g].appendTurns(x.at[:0], &s.ev.rows, e, max(first, e.C), last); err != nil {
				return err
			}
			for _, t := range x.at {
				s.turns = append(s.turns, turn{t, i})
			}
		}
	} else if ok, err := x.judge(i, e); !ok || err != nil {
		return err
	}
	x.c, x.e, x.hasE, x.sign = append(x.c, e.C), append(x.e, e.E), append(x.hasE, e.HasE), append(x.sign, e.Sign)
	return nil
}

// noValue is NULL.
var noValue types.Value

// judge finds the verdicts and arguments of e, which is entry i, and reports whether it passes WHERE; where it does not, nothing is noted.
func (x *entries) judge(i int, e *history.Entry) (bool, error) {
	ev := x.ev
	ev.turn(e)
	if ok, err := ev.rests.pass(ev.where.rest, &ev.rows); !ok || err != nil {
		return false, err
	}
	x.note(0, i, true)
	for _, r := range x.rests {
		ok, err := ev.rests.pass(r, &ev.rows)
		if err != nil {
			return false, err
		}
		x.note(r+1, i, ok)
	}
	for a := range x.args {
		if x.timed && !ev.args.list[a].timed {
			continue // it is what it was
		}
		if !slices.ContainsFunc(ev.args.list[a].verdicts, func(verdict int) bool { return x.passes(verdict, i) }) {
			x.args[a].put(i, &noValue)
			continue
		}
		v, err := ev.args.value(a, &ev.rows)
		if err != nil {
			return false, err
		}
		x.args[a].put(i, v)
	}
	return true, nil
}

// keep takes entry i of a timed feature, which is judged later, and the arguments that time does not change: they are ranked before.
func (x *entries) keep(i int, e *history.Entry) error {
	kept := *e
	kept.Cols = slices.Clone(e.Cols)
	x.kept = append(x.kept, kept)
	for v := range x.pass {
		x.note(v, i, false)
	}
	x.ev.turn(e)
	for a := range x.args {
		if x.ev.args.list[a].timed {
			x.args[a].put(i, &noValue)
			continue
		}
		v, err := x.ev.args.value(a, &x.ev.rows)
		if err != nil {
			return err
		}
		x.args[a].put(i, v)
	}
	return nil
}

func (x *entries) note(verdict, i int, ok bool) {
	if !x.always[verdict] {
		x.pass[verdict] = x.pass[verdict].grown(i + 1)
		x.pass[verdict].set(i, ok)
	}
}

// judgeAgain is judge for an entry of a timed feature, at the moment of the row's environment.
func (x *entries) judgeAgain(i int) error {
	ok, err := x.judge(i, &x.kept[i])
	if err == nil && !ok {
		for v := range x.pass {
			x.note(v, i, false)
		}
	}
	return err
}

// sortByE puts the entries into the order of event time. Most come in it: only the late ones are sorted, and then merged with the others.
func (x *entries) sortByE() {
	onTime, late := x.byE[:0], x.late[:0]
	for i := range x.c {
		switch n := len(onTime); {
		case !x.hasE[i]:
		case n > 0 && x.e[i] < x.e[onTime[n-1]]:
			late = append(late, int32(i))
		default:
			onTime = append(onTime, int32(i))
		}
	}
	slices.SortFunc(late, func(a, b int32) int { return cmp.Compare(x.e[a], x.e[b]) })
	// From the end, so that there is room without another slice.
	i, j := len(onTime)-1, len(late)-1
	x.byE, x.late = append(onTime, late...), late
	for to := len(x.byE) - 1; j >= 0; to-- {
		if i >= 0 && x.e[onTime[i]] > x.e[late[j]] {
			x.byE[to] = onTime[i]
			i--
		} else {
			x.byE[to] = late[j]
			j--
		}
	}
}

// rank ranks the arguments that cells need ranked, and gives the cells their empty sets of rows.
func (s *sweep) rank() {
	x := &s.entries
	clear(s.ranked)
	for i := range s.bands {
		for j := range s.bands[i].cells {
			tallies := s.bands[i].cells[j].tallies
			for k := range tallies {
				t := &tallies[k]
				if t.ranked == nil {
					continue
				}
				if !s.ranked[t.arg] {
					s.ranks[t.arg].Rank(t.fn.Arg, len(x.c), x.args[t.arg].at)
					s.ranked[t.arg] = true
				}
				t.ranked.Begin(&s.ranks[t.arg])
			}
		}
	}
}
