package window

import (
	"fmt"
	"math"
	"testing"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// change is an entry of a story: commit time, event time and amount, in seconds and cents.
type change struct {
	c, e   int64
	sign   int8
	amount int64
}

// amountLayout carries the amount alone.
var amountLayout = &history.Layout{Types: []types.Type{{Kind: types.Numeric, Precision: 12, Scale: 2}}}

func (c change) entry(pos int64) history.Entry {
	return history.Entry{
		C: c.c * second, E: c.e * second, HasE: true, Pos: pos, Sign: c.sign,
		Cols: []types.Value{types.NewNumeric(c.amount*100, 2)},
	}
}

func storyLog(changes []change) Log {
	var log Log
	for i, c := range changes {
		log.More = append(log.More, c.entry(int64(i)+1))
	}
	return log
}

var ann = []types.Value{types.NewText("ann")}

const twoWindows = `CREATE FEATURE f AS SELECT customer,
	SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '10 seconds') AS w10,
	SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '60 seconds') AS w60,
	MAX(amount) FILTER (WHERE created_at > NOW() - INTERVAL '10 seconds') AS max10,
	MAX(amount) FILTER (WHERE created_at > NOW() - INTERVAL '60 seconds') AS max60
	FROM orders GROUP BY customer`

// TestWorkedExamples are single rows and their fates, seen through windows of 10 and 60 seconds.
func TestWorkedExamples(t *testing.T) {
	type answer struct {
		t    int64
		want string
	}
	for _, story := range []struct {
		name    string
		changes []change
		answers []answer
	}{
		{"late", []change{{107, 100, 1, 5}}, []answer{
			{106, "no row"}, {107, "5.00 5.00"}, {109, "5.00 5.00"}, {110, "NULL 5.00"}, {159, "NULL 5.00"}, {160, "NULL NULL"},
		}},
		{"too late for the short window", []change{{112, 100, 1, 5}}, []answer{
			{111, "no row"}, {112, "NULL 5.00"}, {159, "NULL 5.00"}, {160, "NULL NULL"},
		}},
		{"dated ahead", []change{{150, 200, 1, 5}}, []answer{
			{149, "no row"}, {150, "5.00 5.00"}, {209, "5.00 5.00"}, {210, "NULL 5.00"}, {260, "NULL NULL"},
		}},
		{"dated ahead and deleted", []change{{150, 200, 1, 5}, {180, 200, -1, 5}}, []answer{
			{179, "5.00 5.00"}, {180, "no row"},
		}},
		{"event time moved", []change{{100, 100, 1, 5}, {130, 100, -1, 5}, {130, 125, 1, 5}}, []answer{
			{110, "NULL 5.00"}, {129, "NULL 5.00"}, {130, "5.00 5.00"}, {135, "NULL 5.00"}, {185, "NULL NULL"},
		}},
		{"deleted and inserted again", []change{{118, 118, 1, 5}, {120, 118, -1, 5}, {125, 118, 1, 6}}, []answer{
			{119, "5.00 5.00"}, {120, "no row"}, {125, "6.00 6.00"}, {128, "NULL 6.00"}, {178, "NULL NULL"},
		}},
	} {
		f := compile(t, types.Timestamptz, twoWindows)
		ev, err := New(f, amountLayout, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range story.answers {
			row, err := ev.Eval(ann, storyLog(story.changes), a.t*second)
			got := "no row"
			if row != nil {
				got = fmt.Sprintf("%v %v", row[1], row[2])
			}
			if err != nil || got != a.want {
				t.Errorf("%s at %d: %s, %v; want %s", story.name, a.t, got, err, a.want)
			}
		}
	}
}

// TestMaximumFallsBack retracts the maximum; asked again for the moment before, it is still what it was.
func TestMaximumFallsBack(t *testing.T) {
	ev, err := New(compile(t, types.Timestamptz, twoWindows), amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	log := storyLog([]change{{100, 100, 1, 9}, {104, 104, 1, 7}, {106, 100, -1, 9}})
	for _, a := range []struct {
		t    int64
		want string
	}{{105, "9.00 9.00"}, {106, "7.00 7.00"}, {113, "7.00 7.00"}, {114, "NULL 7.00"}, {105, "9.00 9.00"}} {
		row, err := ev.Eval(ann, log, a.t*second)
		if err != nil || fmt.Sprintf("%v %v", row[3], row[4]) != a.want {
			t.Errorf("at %d: %v, %v; want %s", a.t, row, err, a.want)
		}
	}
}

// TestManyMaximaAreRetracted: so many that what is kept of the best values does not suffice, in one window and not in the other.
func TestManyMaximaAreRetracted(t *testing.T) {
	ev, err := New(compile(t, types.Timestamptz, twoWindows), amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	var changes []change
	for i := range int64(40) { // 1 to 40; the last twenty within ten seconds
		changes = append(changes, change{100, 81 + i/20*18, 1, i + 1})
	}
	for i := int64(39); i >= 25; i-- {
		changes = append(changes, change{101, 99, -1, i + 1})
	}
	log := storyLog(changes)
	for at, want := range map[int64]string{100: "40.00 40.00", 101: "25.00 25.00", 108: "25.00 25.00", 109: "NULL 25.00", 142: "NULL 25.00", 159: "NULL NULL"} {
		row, err := ev.Eval(ann, log, at*second)
		if err != nil || fmt.Sprintf("%v %v", row[3], row[4]) != want {
			t.Errorf("at %d: %v, %v; want %s", at, row, err, want)
		}
	}
}

// TestWindowsOvertakeEachOther: in the morning the last five hours begin before the day does, later the day does.
func TestWindowsOvertakeEachOther(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer,
		COUNT(*) FILTER (WHERE created_at >= DATE_TRUNC('day', NOW())) AS today,
		COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '5 hours') AS hours FROM orders GROUP BY customer`)
	ev, err := New(f, &history.Layout{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	const day = int64(start / (24 * hour) * (24 * hour))
	var log Log
	for i, e := range []int64{-2, -1, 1, 2, 8} {
		log.More = append(log.More, history.Entry{C: day - 3*hour, E: day + e*hour, HasE: true, Pos: int64(i) + 1, Sign: 1})
	}
	for range 2 { // by the evaluator that has seen it the other way round
		for _, a := range []struct {
			at   int64
			want string
		}{{3, "3 4"}, {9, "3 1"}, {2, "3 5"}} {
			row, err := ev.Eval(ann, log, day+a.at*hour)
			if got := fmt.Sprintf("%v %v", row[1], row[2]); err != nil || got != a.want {
				t.Errorf("at %d hours: %s, %v; want %s", a.at, got, err, a.want)
			}
		}
	}
}

// TestEdgesToTheMicrosecond asks on each side of both kinds of bounds.
func TestEdgesToTheMicrosecond(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer,
		COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '10 seconds') AS open,
		COUNT(*) FILTER (WHERE created_at >= NOW() - INTERVAL '10 seconds') AS closed,
		COUNT(*) FILTER (WHERE created_at < NOW()) AS before,
		COUNT(*) FILTER (WHERE created_at <= NOW()) AS upto FROM orders GROUP BY customer`)
	ev, err := New(f, &history.Layout{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := Log{More: []history.Entry{{C: 0, E: 100 * second, HasE: true, Pos: 1, Sign: 1}}}
	for _, a := range []struct {
		t    int64
		want string
	}{
		{100*second - 1, "1 1 0 0"},
		{100 * second, "1 1 0 1"},
		{100*second + 1, "1 1 1 1"},
		{110*second - 1, "1 1 1 1"},
		{110 * second, "0 1 1 1"},
		{110*second + 1, "0 0 1 1"},
	} {
		row, err := ev.Eval(ann, log, a.t)
		if got := fmt.Sprintf("%v %v %v %v", row[1], row[2], row[3], row[4]); err != nil || got != a.want {
			t.Errorf("at %d: %s, %v; want %s", a.t, got, err, a.want)
		}
	}
}

func TestInfiniteEventTimes(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer, COUNT(*) AS all,
		COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '1 day') AS recent, COUNT(*) FILTER (WHERE created_at < NOW()) AS past,
		MIN(created_at) AS first FROM orders GROUP BY customer`)
	ev, err := New(f, &history.Layout{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	log := Log{More: []history.Entry{
		{C: 1, E: types.Infinity, HasE: true, Pos: 1, Sign: 1},
		{C: 1, E: types.NegInfinity, HasE: true, Pos: 2, Sign: 1},
		{C: 1, Pos: 3, Sign: 1},
	}}
	row, err := ev.Eval(ann, log, start)
	if got := text(row[1:], err); got != "3:4 | 1:4 | 1:4 | -infinity:14" {
		t.Error(got)
	}
}

// TestABoundOfNull admits nothing: a comparison with NULL is not true.
func TestABoundOfNull(t *testing.T) {
	null := &expr.Const{T: types.Type{Kind: types.Timestamptz}}
	ev := &Evaluator{}
	bounds, err := ev.addBounds([]plan.Bound{{Op: "<=", At: null}})
	if err != nil {
		t.Fatal(err)
	}
	if err := ev.moveBounds(&expr.Env{}); err != nil {
		t.Fatal(err)
	}
	if lo, hi := ev.interval(bounds); lo <= hi {
		t.Errorf("admits %d to %d", lo, hi)
	}
}

func TestTruncate(t *testing.T) {
	ev, err := New(compile(t, types.Timestamptz, twoWindows), amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	log := storyLog([]change{{100, 100, 1, 1}, {101, 101, 1, 2}, {102, 102, 1, 4}})
	// The entry at the truncation's own position is the first that stays.
	log.Truncations = []Truncation{{C: 102 * second, Pos: 3}, {C: 50 * second, Pos: 1}}
	for at, want := range map[int64]string{101*second + second - 1: "3.00", 102 * second: "4.00", 105 * second: "4.00"} {
		row, err := ev.Eval(ann, log, at)
		if err != nil || row[1].String() != want {
			t.Errorf("at %d: %v, %v; want %s", at, row, err, want)
		}
		err = ev.EvalMany(ann, log, []int64{99 * second, 100 * second, at}, func(i int, row []types.Value) error {
			if i == 2 && row[1].String() != want {
				t.Errorf("in one pass, at %d: %v; want %s", at, row, want)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestOnlyLiveRowsFail divides by the quantity: a row of none fails while it lives, and not after.
func TestOnlyLiveRowsFail(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer, COUNT(*) AS n, SUM(100 / qty) AS s FROM orders
		WHERE created_at > NOW() - INTERVAL '1 minute' AND 100 / qty > 0 GROUP BY customer`)
	l := &history.Layout{Types: []types.Type{{Kind: types.Int4}}}
	ev, err := New(f, l, []int{5})
	if err != nil {
		t.Fatal(err)
	}
	qty := func(n int64) []types.Value { return []types.Value{types.NewInt(types.Int4, n)} }
	log := Log{More: []history.Entry{
		{C: 1 * second, E: 1 * second, HasE: true, Pos: 1, Sign: 1, Cols: qty(5)},
		{C: 2 * second, E: 2 * second, HasE: true, Pos: 2, Sign: 1, Cols: qty(0)},
		{C: 9 * second, E: 2 * second, HasE: true, Pos: 3, Sign: -1, Cols: qty(0)},
		{C: 9 * second, E: 2 * second, HasE: true, Pos: 3, Sign: 1, Cols: qty(10)},
		{C: 20 * second, E: 20 * second, HasE: true, Pos: 4, Sign: 1, Cols: qty(0)},
	}}
	for _, a := range []struct {
		t    int64
		want string
	}{
		{1, "ann:8 | 1:4 | 20:4"},
		{2, "error 22012"},
		{8, "error 22012"},
		{9, "ann:8 | 2:4 | 30:4"},
		{20, "error 22012"},
		{79, "error 22012"},
		{80, "no row"}, // it leaves the window
	} {
		if got := text(ev.Eval(ann, log, a.t*second)); got != a.want {
			t.Errorf("at %d: %s, want %s", a.t, got, a.want)
		}
	}
}

// TestErrorsOfTheLogAreNotTheRows: a chunk that cannot be read fails the evaluation, whatever the feature.
func TestErrorsOfTheLog(t *testing.T) {
	root := history.NewRoot()
	var entries []history.Entry
	for i := range int64(300) {
		entries = append(entries, change{i, i, 1, i}.entry(i+1))
	}
	root.Append(amountLayout, entries, 300)
	for _, sql := range []string{twoWindows, `CREATE FEATURE f ENTITY a (order_id) AS SELECT order_id, amount FROM orders WHERE amount < 0`} {
		ev, err := New(compile(t, types.Timestamptz, sql), amountLayout, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		broken := fmt.Errorf("broken")
		if _, err = ev.Eval(ann, Log{Root: root, Fetch: func(history.Header) ([]byte, error) { return nil, broken }}, 100*second); err == nil {
			t.Errorf("no error for %s", sql)
		}
	}
}

func TestColumnsThatTheLogDoesNotHave(t *testing.T) {
	f := compile(t, types.Timestamptz, twoWindows)
	if _, err := New(f, &history.Layout{}, nil); err == nil {
		t.Error("a log without the amount was accepted")
	}
	if _, err := New(f, amountLayout, nil); err == nil {
		t.Error("a layout whose columns are not named was accepted")
	}
}

// TestNewestVersionNeedsTheLastBlock reads an account with a long history.
func TestNewestVersionNeedsTheLastBlock(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f ENTITY a (order_id) AS SELECT order_id, amount FROM orders`)
	ev, err := New(f, amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	root, stored := history.NewRoot(), map[history.Header][]byte{}
	var entries []history.Entry
	const versions = 20_000
	for i := range int64(versions) {
		if i > 0 {
			entries = append(entries, change{i, i - 1, -1, i - 1}.entry(i+1))
		}
		entries = append(entries, change{i, i, 1, i}.entry(i+1))
	}
	for _, x := range root.Append(amountLayout, entries, versions) {
		stored[x.Header] = x.Bytes
	}
	key := []types.Value{types.NewInt8(1)}
	for _, at := range []int64{versions - 1, versions * 10, versions / 2, 300, 0} {
		fetched := 0
		fetch := func(h history.Header) ([]byte, error) { fetched++; return stored[h], nil }
		row, err := ev.Eval(key, Log{Root: root, Fetch: fetch}, at*second)
		want := fmt.Sprintf("%d.00", min(at, versions-1))
		if err != nil || row == nil || row[1].String() != want || fetched > 4 {
			t.Errorf("at %d: %v, %v, %d fetched; want %s", at, row, err, fetched, want)
		}
	}
}

// TestAnEndEndsOneVersion: of two equal versions in older blocks, one entry ends the newer alone.
func TestAnEndEndsOneVersion(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f ENTITY a (order_id) AS SELECT order_id, amount FROM orders`)
	ev, err := New(f, amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	root, run := history.NewRoot(), &history.Pending{}
	root.Append(amountLayout, []history.Entry{change{1, 1, 1, 5}.entry(1)}, 1)
	second := change{2, 1, 1, 5}.entry(2)
	run.Append(amountLayout, &second)
	log := Log{Root: root, Pending: []*history.Pending{run}, More: []history.Entry{change{3, 1, -1, 5}.entry(3)}}
	key := []types.Value{types.NewInt8(1)}
	if row, err := ev.Eval(key, log, 3_000_000); err != nil || row == nil {
		t.Errorf("with one version left: %v, %v", row, err)
	}
	log.More = append(log.More, change{4, 1, -1, 5}.entry(4))
	if row, err := ev.Eval(key, log, 4_000_000); err != nil || row != nil {
		t.Errorf("with none left: %v, %v", row, err)
	}
}

const threeWindows = `CREATE FEATURE f AS SELECT customer,
	COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS c1, SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS s1,
	AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS a1, SUM(qty) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS q1,
	COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS c7, SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS s7,
	AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS a7, SUM(qty) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS q7,
	COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS c30, SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS s30,
	AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS a30, SUM(qty) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS q30
	FROM orders WHERE status = 'paid' GROUP BY customer`

// paidOrders is a log of n paid orders, ten minutes apart, in the layout that threeWindows reads.
func paidOrders(n int64) (*history.Layout, []int, Log) {
	l := &history.Layout{Types: []types.Type{{Kind: types.Numeric, Precision: 12, Scale: 2}, {Kind: types.Text}, {Kind: types.Int4}}}
	root, stored := history.NewRoot(), map[history.Header][]byte{}
	for i := range n {
		at := start + i*600*second
		e := history.Entry{C: at, E: at - 1000, HasE: true, Pos: i + 1, Sign: 1, Cols: []types.Value{
			types.NewNumeric(i*137%100000, 2), types.NewText("paid"), types.NewInt(types.Int4, i%9),
		}}
		for _, x := range root.Append(l, []history.Entry{e}, e.Pos) {
			stored[x.Header] = x.Bytes
		}
	}
	return l, []int{2, 4, 5}, Log{Root: root, Fetch: func(h history.Header) ([]byte, error) { return stored[h], nil }}
}

// TestAnEntryAllocatesNothing: what an evaluation allocates is for its result, however long the log.
func TestAnEntryAllocatesNothing(t *testing.T) {
	f := compile(t, types.Timestamptz, threeWindows)
	count := func(n int64) float64 {
		l, cols, log := paidOrders(n)
		ev, err := New(f, l, cols)
		if err != nil {
			t.Fatal(err)
		}
		eval := func() {
			if row, err := ev.Eval(ann, log, math.MaxInt64/4); err != nil || row == nil {
				t.Fatal(row, err)
			}
		}
		eval()
		return testing.AllocsPerRun(10, eval)
	}
	if few, many := count(3), count(250); many > few {
		t.Errorf("%v allocations for 3 entries, %v for 250", few, many)
	}
}

func BenchmarkEval(b *testing.B) {
	f := compile(b, types.Timestamptz, threeWindows)
	for _, n := range []int64{8, 32, 250, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			l, cols, log := paidOrders(n)
			ev, err := New(f, l, cols)
			if err != nil {
				b.Fatal(err)
			}
			at := start + n*600*second
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ev.Eval(ann, log, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
