package window

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// trial is a random feature over a random entity, with an evaluator and a log for it.
type trial struct {
	sql string
	f   *plan.Feature
	m   *model
	ev  *Evaluator
	key []types.Value
	log Log
}

// newTrial makes the trial of a seed. Small entities, and now and then one of several chunks.
func newTrial(t testing.TB, r *rand.Rand) *trial {
	kinds := []types.Kind{types.Timestamptz, types.Timestamptz, types.Timestamp, types.Date}
	event := kinds[r.IntN(len(kinds))]
	attribute, keyed := r.IntN(5) == 0, r.IntN(5) > 0
	sql := randomFeature(r, keyed, r.IntN(6) == 0)
	if attribute {
		sql = randomAttribute(r)
	}
	return newTrialOf(t, r, event, sql, keyed)
}

// newTrialOf is a trial of the feature that sql defines.
func newTrialOf(t testing.TB, r *rand.Rand, event types.Kind, sql string, keyed bool) *trial {
	x := &trial{sql: sql}
	x.f = compile(t, event, x.sql)
	p := randomProjection(r, x.f)
	var err error
	if x.ev, err = New(x.f, p.layout, p.cols); err != nil {
		t.Fatalf("%v in %s", err, x.sql)
	}
	changes := r.IntN(25)
	if r.IntN(30) == 0 {
		changes = 300 + r.IntN(300)
	}
	x.m = randomModel(r, event, changes, x.f.Attribute)
	switch {
	case x.f.Attribute:
		x.key = []types.Value{types.NewInt8(7)}
		for i := range x.m.versions {
			x.m.versions[i].row[0] = x.key[0]
		}
	case keyed:
		x.key = []types.Value{types.NewText("ann")}
	}
	x.log = p.randomLog(t, r, x.m)
	return x
}

// rooted is the trial's log as the evaluator's inner methods take it: with a root.
func (x *trial) rooted() Log {
	log := x.log
	if log.Root == nil {
		log.Root = x.ev.empty
	}
	return log
}

// turningPoints are all moments at which a value can change for the bounds and conditions that random features have, and their neighbours.
func (m *model) turningPoints() []int64 {
	var out []int64
	for _, x := range m.truncations {
		out = append(out, x.C)
	}
	for _, e := range m.entries {
		out = append(out, e.C)
		if !e.HasE || e.E < start-1000*24*hour || e.E > start+1000*24*hour {
			continue
		}
		out = append(out, e.E)
		for _, l := range lengthMicros {
			out = append(out, e.E+l, e.E-l)
		}
		for _, step := range []int64{hour / 4, 24 * hour} {
			whole := e.E - e.E%step
			out = append(out, whole, whole+step, whole+2*step)
		}
	}
	for i := range out {
		out = append(out, out[i]-1, out[i]+1)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// bruteChanges is what Changes says, by evaluating at every moment that can be a change.
func (x *trial) bruteChanges(from, to int64) (out []string) {
	last := text(nil, nil)
	for _, t := range append([]int64{from}, x.m.turningPoints()...) {
		if t < from || t > to || t == from && len(out) > 0 {
			continue
		}
		row, err := x.ev.Eval(x.key, x.log, t)
		if now := text(row, err); now != last {
			last = now
			out = append(out, fmt.Sprintf("%d: %s", t, now))
		}
		if err != nil {
			break
		}
	}
	return out
}

func (x *trial) changes(from, to int64) (out []string) {
	err := x.ev.Changes(x.key, x.log, from, to, func(at int64, row []types.Value) error {
		out = append(out, fmt.Sprintf("%d: %s", at, text(row, nil)))
		return nil
	})
	if err != nil { // when it happened is not told
		out = append(out, text(nil, err))
	}
	return out
}

// moment returns a random moment near what happens in the model.
func (m *model) moment(r *rand.Rand) int64 { return m.moments(r, 1)[0] }

func TestChangesAreAllMomentsAtWhichTheRowIsAnother(t *testing.T) {
	rounds, seen, failed := 300, 0, 0
	if testing.Short() {
		rounds = 120
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(7, uint64(seed)))
		x := newTrial(t, r)
		for range 3 {
			from, to := x.m.moment(r), x.m.moment(r)
			if r.IntN(3) == 0 {
				from, to = start-1, start+200*24*hour
			}
			want, got := x.bruteChanges(from, to), x.changes(from, to)
			if n := len(want); n > 0 && len(got) == n && got[n-1] != want[n-1] {
				if _, code, ok := cutError(want[n-1]); ok {
					want[n-1] = code
					failed++
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d: %s\nfrom %d to %d\n got %q\nwant %q\n%+v", seed, x.sql, from, to, got, want, x.m.entries)
			}
			seen += len(want)
		}
	}
	t.Logf("%d changes, %d errors", seen, failed)
	if seen < 5*rounds || failed == 0 {
		t.Errorf("only %d changes and %d errors were seen", seen, failed)
	}
}

// cutError splits "moment: error code".
func cutError(s string) (at, code string, ok bool) {
	for i := range s {
		if s[i] == ':' {
			return s[:i], s[i+2:], len(s) > i+7 && s[i+2:i+7] == "error"
		}
	}
	return s, "", false
}

func TestEvalManyIsEval(t *testing.T) {
	rounds, compared, failed := 400, 0, 0
	if testing.Short() {
		rounds = 150
	}
	stop := errors.New("stop")
	for seed := range rounds {
		r := rand.New(rand.NewPCG(8, uint64(seed)))
		x := newTrial(t, r)
		for range 3 {
			times := x.m.moments(r, r.IntN(60))
			slices.Sort(times)
			stopAt := -1
			if r.IntN(8) == 0 {
				stopAt = r.IntN(len(times))
			}
			many := x.ev.EvalMany
			if r.IntN(2) == 0 { // whether it is worth it or not
				many = func(key []types.Value, log Log, times []int64, yield func(int, []types.Value) error) error {
					if log.Root == nil {
						log.Root = x.ev.empty
					}
					return x.ev.onePass(key, &log, times, yield)
				}
			}
			next := 0
			err := many(x.key, x.log, times, func(i int, row []types.Value) error {
				if i != next {
					t.Fatalf("seed %d: row %d comes when it is %d's turn", seed, i, next)
				}
				next++
				want, wantErr := x.eval(times[i])
				if text(row, nil) != text(want, wantErr) {
					t.Fatalf("seed %d: %s\nat %d: %s\nwant    %s\n%v", seed, x.sql, times[i], text(row, nil), text(want, wantErr), times)
				}
				compared++
				if i == stopAt {
					return stop
				}
				return nil
			})
			if next == stopAt+1 && stopAt >= 0 {
				if !errors.Is(err, stop) {
					t.Fatalf("seed %d: %v instead of the caller's error", seed, err)
				}
				continue
			}
			if err != nil {
				failed++
				want, wantErr := x.eval(times[next])
				if text(nil, err) != text(want, wantErr) {
					t.Fatalf("seed %d: %s\nat %d: %v\nwant    %s", seed, x.sql, times[next], err, text(want, wantErr))
				}
			} else if next != len(times) {
				t.Fatalf("seed %d: %d rows for %d moments", seed, next, len(times))
			}
		}
	}
	t.Logf("%d rows, %d errors", compared, failed)
	if compared < 20*rounds || failed == 0 {
		t.Errorf("only %d rows and %d errors were compared", compared, failed)
	}
}

// eval evaluates by an evaluator of its own.
func (x *trial) eval(t int64) ([]types.Value, error) {
	ev, err := New(x.f, x.ev.layout, x.ev.cols)
	if err != nil {
		return nil, err
	}
	return ev.Eval(x.key, x.log, t)
}

// TestAnEvaluatorAnswersWhileItCallsBack: the rows that it goes on with are those that it would have given undisturbed.
func TestAnEvaluatorAnswersWhileItCallsBack(t *testing.T) {
	rounds := 120
	if testing.Short() {
		rounds = 40
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(11, uint64(seed)))
		x := newTrial(t, r)
		from, to := x.m.moment(r), int64(start+200*24*hour)
		times := x.m.moments(r, 20)
		slices.Sort(times)
		disturb := func(at int64) {
			t.Helper()
			want, wantErr := x.eval(at)
			if got, err := x.ev.Eval(x.key, x.log, at); text(got, err) != text(want, wantErr) {
				t.Fatalf("seed %d: %s\nmeanwhile at %d: %s, want %s", seed, x.sql, at, text(got, err), text(want, wantErr))
			}
			// Whether these fail is not the question here.
			_, _, _ = x.ev.UpdatedAt(x.key, x.log, from, at)
			_, _ = x.ev.Contributors(x.key, x.log, at, 0)
			_ = x.ev.EvalMany(x.key, x.log, times, func(int, []types.Value) error { return nil })
		}
		for _, all := range []func(see func(at int64, row []types.Value) error) error{
			func(see func(at int64, row []types.Value) error) error {
				return x.ev.EvalMany(x.key, x.log, times, func(i int, row []types.Value) error { return see(times[i], row) })
			},
			func(see func(at int64, row []types.Value) error) error {
				return x.ev.Changes(x.key, x.log, from, to, see)
			},
		} {
			var alone, disturbed []string
			err := all(func(at int64, row []types.Value) error {
				alone = append(alone, fmt.Sprint(at, text(row, nil)))
				return nil
			})
			again := all(func(at int64, row []types.Value) error {
				disturb(x.m.moment(r))
				disturbed = append(disturbed, fmt.Sprint(at, text(row, nil)))
				return nil
			})
			if !slices.Equal(alone, disturbed) || text(nil, err) != text(nil, again) {
				t.Fatalf("seed %d: %s\n got %q\nwant %q", seed, x.sql, disturbed, alone)
			}
		}
	}
}

func TestUpdatedAtIsTheBeginOfThePeriodThatHolds(t *testing.T) {
	rounds, known, quick := 300, 0, 0
	if testing.Short() {
		rounds = 80
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(9, uint64(seed)))
		x := newTrial(t, r)
		from := x.m.moment(r)
		for range 5 {
			at := x.m.moment(r)
			if at < from {
				continue
			}
			want, wantKnown := int64(0), false
			wantErr := x.ev.Periods(x.key, x.log, from, at, func(p *Period) error {
				want, wantKnown = p.From, true
				return nil
			})
			if wantErr != nil {
				continue // what fails on the way need not fail where one looks back from the end
			}
			got, gotKnown, err := x.ev.UpdatedAt(x.key, x.log, from, at)
			if got != want || gotKnown != wantKnown || err != nil {
				t.Fatalf("seed %d: %s\nfrom %d at %d: %d %v %v, want %d %v", seed, x.sql, from, at, got, gotKnown, err, want, wantKnown)
			}
			if gotKnown {
				known++
			}
			row, err := x.ev.Eval(x.key, x.log, at)
			if err != nil || !wantKnown {
				continue
			}
			if log := x.rooted(); x.ev.steady(at) {
				one, anyOne, errOne := x.ev.lastMoment(x.key, &log, at)
				other, anyOther, errOther := x.ev.lastMomentNear(x.key, &log, at)
				if anyOther && (one != other || !anyOne || errOne != nil || errOther != nil) {
					t.Fatalf("seed %d: %s\nat %d: the last moment is %d, near the newest commit %d (%v, %v)", seed, x.sql, at, one, other, errOne, errOther)
				}
			}
			if last, found, err := x.ev.LastChange(x.key, x.log, row, at); err == nil && found {
				quick++
				if max(last, from) != want {
					t.Fatalf("seed %d: %s\nfrom %d at %d: the last change was at %d, want %d", seed, x.sql, from, at, last, want)
				}
			}
		}
	}
	if known < rounds || quick < known/2 {
		t.Errorf("only %d moments had a value, and of %d the begin was found quickly", known, quick)
	}
}

// TestACountThatChangesIsAChange: where a count among an entity's columns is said to have changed at the newest moment that could change them, evaluations at that
// moment and just before it have other counts.
func TestACountThatChangesIsAChange(t *testing.T) {
	rounds, changed := 600, 0
	if testing.Short() {
		rounds = 150
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(13, uint64(seed)))
		predicate := randomBound(r)
		if r.IntN(2) == 0 {
			predicate += " AND status = 'paid'"
		}
		counts := "COUNT(*) FILTER (WHERE " + predicate + ") AS n, COUNT(*) AS m, "
		x := newTrialOf(t, r, types.Timestamptz, strings.Replace(randomFeature(r, true, false), "SELECT customer, ", "SELECT customer, "+counts, 1), true)
		if n := len(x.m.entries); n > 0 && r.IntN(3) == 0 { // what has been truncated still passes the ends of windows
			e := x.m.entries[n-1]
			x.log.Truncations = append(slices.Clip(x.log.Truncations), Truncation{C: e.C + 1, Pos: e.Pos + 1})
		}
		log := x.rooted()
		for range 5 {
			last, any, err := x.ev.lastMoment(x.key, &log, x.m.moment(r))
			if err != nil || !any {
				continue
			}
			said, err := x.ev.recounts(x.key, &log, last)
			if err != nil {
				t.Fatalf("seed %d: %s\n%v", seed, x.sql, err)
			}
			var now, before []types.Value
			if now, err = x.ev.Eval(x.key, x.log, last); err == nil {
				before, err = x.ev.Eval(x.key, x.log, last-1)
			}
			if err != nil {
				continue
			}
			differ := func(n int) bool {
				return (now == nil) != (before == nil) || now != nil && !slices.EqualFunc(now[:n], before[:n], types.Identical)
			}
			if said && !differ(len(now)) {
				t.Fatalf("seed %d: %s\nat %d: a count is said to have changed: %v, before %v", seed, x.sql, last, now, before)
			}
			if said {
				changed++
			}
			truncated := slices.ContainsFunc(log.Truncations, func(x Truncation) bool { return x.C == last })
			if differ(3) && !said && len(x.ev.edges) == 0 && !truncated {
				t.Fatalf("seed %d: %s\nat %d: %v, before %v, and no count is said to have changed", seed, x.sql, last, now, before)
			}
		}
	}
	if changed < rounds/2 {
		t.Errorf("only %d counts changed", changed)
	}
}

// TestManyRowsWithTheirBegin compares rows and their begins, taken together, with those that are taken one by one; also by a sweep where it would not be
// worth one.
func TestManyRowsWithTheirBegin(t *testing.T) {
	rounds, rows := 300, 0
	if testing.Short() {
		rounds = 80
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(12, uint64(seed)))
		x := newTrial(t, r)
		from := x.m.moment(r)
		times := slices.DeleteFunc(x.m.moments(r, 1+r.IntN(30)), func(at int64) bool { return at < from })
		slices.Sort(times)
		var want []string
		failed := false
		for _, at := range times {
			row, err := x.ev.Eval(x.key, x.log, at)
			since, _, errSince := x.ev.UpdatedAt(x.key, x.log, from, at)
			failed = failed || err != nil || errSince != nil
			want = append(want, rowSince(row, since))
		}
		if failed || len(times) == 0 {
			continue // what fails on the way need not fail where one looks back from the end
		}
		log := x.rooted()
		for name, many := range map[string]func(yield func(i int, row []types.Value, since int64) error) (int, error){
			"together": func(yield func(i int, row []types.Value, since int64) error) (int, error) {
				return len(times), x.ev.EvalManyUpdated(x.key, x.log, from, times, yield)
			},
			"by a sweep": func(yield func(i int, row []types.Value, since int64) error) (int, error) {
				x.ev.busy = true
				defer x.ev.done()
				return x.ev.updatedMany(x.key, &log, from, times, yield)
			},
		} {
			var got []string
			n, err := many(func(i int, row []types.Value, since int64) error {
				if i != len(got) {
					t.Fatalf("seed %d: row %d after %d", seed, i, len(got))
				}
				got = append(got, rowSince(row, since))
				return nil
			})
			if !slices.Equal(got, want[:n]) || n == 0 || err != nil {
				t.Fatalf("seed %d, %s: %s\nfrom %d at %d: %v\n got %q\nwant %q", seed, name, x.sql, from, times, err, got, want)
			}
			rows += n
		}
	}
	if rows < 10*rounds {
		t.Errorf("only %d rows", rows)
	}
}

func rowSince(row []types.Value, since int64) string {
	if row == nil {
		return "none"
	}
	return fmt.Sprint(text(row, nil), " since ", since)
}

// TestContributorsAreTheRowsBehindAValue folds them by the definition and finds the value again.
func TestContributorsAreTheRowsBehindAValue(t *testing.T) {
	rounds, rows := 300, 0
	if testing.Short() {
		rounds = 80
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(10, uint64(seed)))
		x := newTrial(t, r)
		for _, at := range x.m.moments(r, 6) {
			want, err := x.ev.Eval(x.key, x.log, at)
			if err != nil {
				continue
			}
			for o := range x.f.Outputs {
				cs, err := x.ev.Contributors(x.key, x.log, at, o)
				if err != nil {
					t.Fatalf("seed %d: %s: %v", seed, x.sql, err)
				}
				rows += len(cs)
				if got := x.fromContributors(t, cs, at, o); got != valueText(want, o) {
					t.Fatalf("seed %d: %s\noutput %d at %d: %s from %d rows, want %s", seed, x.sql, o, at, got, len(cs), valueText(want, o))
				}
			}
		}
	}
	if rows < 10*rounds {
		t.Errorf("only %d rows were seen", rows)
	}
}

func valueText(row []types.Value, o int) string {
	if row == nil {
		return "no row"
	}
	return text(row[o:o+1], nil)
}

// fromContributors computes output o from its contributors alone. Those of an output without aggregates say whether there is a row.
func (x *trial) fromContributors(t *testing.T, cs []Contributor, at int64, o int) string {
	aggs := x.ev.aggregatesOf(o)
	row := make([]types.Value, len(x.f.Columns))
	copy(row, x.key)
	env := x.ev.rows.env
	env.Now = at
	see := func(c *Contributor) {
		x.ev.turn(&c.Entry)
		env.Row = x.ev.rows.at().Row
		if c.Entry.C > at {
			t.Fatalf("a contributor of %d is committed at %d", at, c.Entry.C)
		}
	}
	if len(aggs) == 0 {
		if len(cs) == 0 && len(x.f.Keys) > 0 {
			return "no row"
		}
		if x.f.Attribute {
			see(&cs[0])
		} else {
			env.Row = append(slices.Clone(x.key), make([]types.Value, len(x.f.Aggs))...)
		}
		v, err := x.f.Outputs[o].X.Eval(&env)
		return text([]types.Value{v}, err)
	}
	if exist, err := x.ev.Contributors(x.key, x.log, at, 0); err != nil || len(exist) == 0 && len(x.f.Keys) > 0 {
		return "no row"
	}
	out := append(slices.Clone(x.key), make([]types.Value, len(x.f.Aggs))...)
	for _, a := range aggs {
		s := x.f.Aggs[a].Fn.New()
		for i := range cs {
			if !slices.Contains(cs[i].Aggs, a) {
				continue
			}
			see(&cs[i])
			var v types.Value
			if x.f.Aggs[a].Arg != nil {
				v, _ = x.f.Aggs[a].Arg.Eval(&env)
			}
			s.Add(v)
		}
		v, err := s.Result()
		if err != nil {
			t.Fatal(err)
		}
		out[len(x.key)+a] = v
	}
	env.Row = out
	v, err := x.f.Outputs[o].X.Eval(&env)
	return text([]types.Value{v}, err)
}
