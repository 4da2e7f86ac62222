package window

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
)

// clock makes a moment of 2025-05-01 of the time of day, in microseconds.
func clock(s string) int64 {
	t, err := time.Parse("15:04:05.999999", s)
	if err != nil {
		panic(err)
	}
	return time.Date(2025, 5, 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC).UnixMicro()
}

// paid is an order of the story: when it was committed and made, in cents. A negative sign ends it.
type paid struct {
	committed, created string
	sign               int8
	cents              int64
}

func paidLog(orders []paid) Log {
	var log Log
	for i, o := range orders {
		log.More = append(log.More, history.Entry{
			C: clock(o.committed), Pos: int64(i) + 1, E: clock(o.created), HasE: true, Sign: o.sign,
			Cols: []types.Value{types.NewNumeric(o.cents, 2)},
		})
	}
	return log
}

const lastHalfHour = `CREATE FEATURE recent ENTITY customer (customer) AS SELECT customer, COUNT(*) AS n, SUM(amount) AS total FROM orders
	WHERE created_at > NOW() - INTERVAL '30 minutes' GROUP BY customer`

func period(p *Period) string {
	until := "open"
	if !p.Open {
		until = time.UnixMicro(p.Until).UTC().Format("15:04:05.9")
	}
	return fmt.Sprintf("%s %s %v %v %v gone %v", time.UnixMicro(p.From).UTC().Format("15:04:05.9"), until, p.Row[0], p.Row[1], p.Row[2], p.Gone)
}

// TestPeriodsOfACustomer: orders come, one changes its amount, another customer's and with it its row comes late, and time takes them away.
func TestPeriodsOfACustomer(t *testing.T) {
	ev, err := New(compile(t, types.Timestamptz, lastHalfHour), amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	for _, story := range []struct {
		name   string
		orders []paid
		want   []string
	}{
		{"a", []paid{
			{"10:00:00.5", "10:00:00", 1, 1000},
			{"10:05:00.2", "10:05:00", 1, 250},
			{"10:20:00", "10:05:00", -1, 250},
			{"10:20:00", "10:05:00", 1, 350},
			{"10:40:00", "10:10:00", 1, 10000}, // it comes when its time is over
			{"10:50:00", "10:00:00", -1, 1000},
			{"11:02:00", "10:06:00", 1, 700},
		}, []string{
			"10:00:00.5 10:05:00.2 ann 1 10.00 gone false", "10:05:00.2 10:20:00 ann 2 12.50 gone false", "10:20:00 10:30:00 ann 2 13.50 gone false",
			"10:30:00 10:35:00 ann 1 3.50 gone false", "10:35:00 open ann NULL NULL gone true",
		}},
		{"b", []paid{
			{"10:30:00", "10:06:00", 1, 700}, {"10:45:00", "12:00:00", 1, 100}, {"11:02:00", "10:06:00", -1, 700},
		}, []string{
			"10:30:00 10:36:00 ann 1 7.00 gone false", "10:36:00 10:45:00 ann NULL NULL gone true", "10:45:00 12:30:00 ann 1 1.00 gone false",
			"12:30:00 open ann NULL NULL gone true",
		}},
		{"nobody", nil, nil},
	} {
		var got []string
		err := ev.Periods(ann, paidLog(story.orders), clock("10:00:00"), clock("13:30:00"), func(p *Period) error {
			got = append(got, period(p))
			return nil
		})
		if err != nil || !slices.Equal(got, story.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", story.name, err, got, story.want)
		}
	}
}

// TestAHistoryBeginsWhereItIsAskedTo: what holds then is its first period, and what comes after its end is not known.
func TestAHistoryBeginsWhereItIsAskedTo(t *testing.T) {
	ev, err := New(compile(t, types.Timestamptz, lastHalfHour), amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	log := paidLog([]paid{{"10:00:00.5", "10:00:00", 1, 1000}, {"10:05:00.2", "10:05:00", 1, 250}})
	var got []string
	see := func(p *Period) error {
		got = append(got, period(p))
		return nil
	}
	if err := ev.Periods(ann, log, clock("10:05:00.2"), clock("10:29:59.999999"), see); err != nil {
		t.Fatal(err)
	}
	if want := []string{"10:05:00.2 open ann 2 12.50 gone false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	stop := errors.New("enough")
	if err := ev.Periods(ann, log, clock("09:00:00"), clock("13:00:00"), func(*Period) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v instead of the caller's error", err)
	}
}

// TestAFeatureWithoutKeyHasAHistoryFromTheBegin.
func TestAFeatureWithoutKeyHasAHistoryFromTheBegin(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT COUNT(*) FILTER (WHERE created_at <= NOW()) AS n, SUM(amount) AS total, 1 AS one FROM orders`)
	ev, err := New(f, amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	// One row is dated ahead: it is counted from its event time on.
	err = ev.Periods(nil, paidLog([]paid{{"10:00:00", "11:00:00", 1, 100}}), clock("09:00:00"), clock("12:00:00"), func(p *Period) error {
		got = append(got, period(p))
		return nil
	})
	want := []string{"09:00:00 10:00:00 0 NULL 1 gone false", "10:00:00 11:00:00 0 1.00 1 gone false", "11:00:00 open 1 1.00 1 gone false"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v\n got %q\nwant %q", err, got, want)
	}
}

// TestOneReadingForManyMoments: a thousand moments of a log of forty chunks fetch each chunk once, and two that are far apart only those near them.
func TestOneReadingForManyMoments(t *testing.T) {
	const entries = 40 * history.ChunkEntries
	l, cols, log := paidOrders(entries)
	fetched := 0
	fetch := log.Fetch
	log.Fetch = func(h history.Header) ([]byte, error) {
		fetched++
		return fetch(h)
	}
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer, COUNT(*) AS n, MAX(amount) AS m FROM orders
		WHERE created_at > NOW() - INTERVAL '2 days' GROUP BY customer`)
	ev, err := New(f, l, cols)
	if err != nil {
		t.Fatal(err)
	}
	at := func(i, of int64) int64 { return start + 600*second*entries*i/of }
	ask := func(times []int64) {
		t.Helper()
		fetched = 0
		if err := ev.EvalMany(ann, log, times, func(int, []types.Value) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	var times []int64
	for i := range int64(1000) {
		times = append(times, at(i, 1000))
	}
	if ask(times); fetched > 40 {
		t.Errorf("%d chunks were fetched for a thousand moments", fetched)
	}
	if ask([]int64{at(1, 10), at(9, 10)}); fetched > 8 {
		t.Errorf("%d chunks were fetched for two moments", fetched)
	}
}

// TestAnEndNamesTheNewestOfEqualVersions: of two orders that look the same, the first stays behind the value when one is taken back.
func TestAnEndNamesTheNewestOfEqualVersions(t *testing.T) {
	ev, err := New(compile(t, types.Timestamptz, lastHalfHour), amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	log := paidLog([]paid{{"10:01:00", "10:00:00", 1, 500}, {"10:02:00", "10:00:00", 1, 500}, {"10:03:00", "10:00:00", -1, 500}, {"10:04:00", "10:00:00", 1, 900}})
	for output, want := range map[int][]int64{1: {1, 4}, 2: {1, 4}, 0: {1, 4}} {
		cs, err := ev.Contributors(ann, log, clock("10:10:00"), output)
		var got []int64
		for _, c := range cs {
			got = append(got, c.Entry.Pos)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("behind output %d are the changes %v, %v; want %v", output, got, err, want)
		}
	}
	if cs, err := ev.Contributors(ann, log, clock("10:30:00"), 1); err != nil || len(cs) != 0 {
		t.Errorf("%v, %v are behind a value that is gone", cs, err)
	}
}

// TestNullsAreBehindCountOfRowsAlone.
func TestNullsAreBehindCountOfRowsAlone(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer, COUNT(*) AS n, SUM(amount) AS s, SUM(amount) / COUNT(*) AS mean FROM orders GROUP BY customer`)
	ev, err := New(f, amountLayout, []int{2})
	if err != nil {
		t.Fatal(err)
	}
	log := paidLog([]paid{{"10:01:00", "10:00:00", 1, 500}, {"10:02:00", "10:00:00", 1, 0}})
	log.More[1].Cols = []types.Value{{}}
	for output, want := range map[int]int{1: 2, 2: 1, 3: 2} {
		cs, err := ev.Contributors(ann, log, clock("10:10:00"), output)
		if err != nil || len(cs) != want {
			t.Errorf("%d rows are behind output %d, %v; want %d", len(cs), output, err, want)
		}
	}
}

// changesOf lists the moments and rows of Changes, without the key.
func changesOf(t *testing.T, ev *Evaluator, log Log, from, to string) []string {
	t.Helper()
	var out []string
	err := ev.Changes(ann, log, clock(from), clock(to), func(at int64, row []types.Value) error {
		s := time.UnixMicro(at).UTC().Format("15:04:05.9")
		for i := 1; i < len(row); i++ {
			s += " " + row[i].String()
		}
		out = append(out, s)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

// TestAnOrderIsLateInBothUpperBounds: it counts when it is older than an hour, and WHERE and FILTER say so in either order.
func TestAnOrderIsLateInBothUpperBounds(t *testing.T) {
	for _, bounds := range [][2]string{{"NOW()", "NOW() - INTERVAL '1 hour'"}, {"NOW() - INTERVAL '1 hour'", "NOW()"}} {
		ev, err := New(compile(t, types.Timestamptz, fmt.Sprintf(`CREATE FEATURE f AS SELECT customer, COUNT(*) AS n,
			SUM(amount) FILTER (WHERE created_at <= %s) AS s FROM orders WHERE created_at <= %s GROUP BY customer`, bounds[0], bounds[1])), amountLayout, []int{2})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"10:00:00 1 NULL", "11:00:00 1 5.00"}
		if bounds[0] == "NOW()" {
			want = []string{"11:00:00 1 5.00"}
		}
		got := changesOf(t, ev, paidLog([]paid{{"09:00:00", "10:00:00", 1, 500}}), "08:00:00", "13:00:00")
		if !slices.Equal(got, want) {
			t.Errorf("%v: got %q, want %q", bounds, got, want)
		}
	}
}

// TestEqualIsNotTheSame: 0 in place of -0 is a change, although they are equal.
func TestEqualIsNotTheSame(t *testing.T) {
	f := compile(t, types.Timestamptz, `CREATE FEATURE f AS SELECT customer, MAX(price) AS m FROM orders GROUP BY customer`)
	ev, err := New(f, &history.Layout{Types: []types.Type{{Kind: types.Float8}}}, []int{3})
	if err != nil {
		t.Fatal(err)
	}
	log := paidLog([]paid{{"10:00:00", "10:00:00", 1, 0}, {"10:01:00", "10:00:00", 1, 0}, {"10:02:00", "10:00:00", 1, 0}})
	for i, price := range []float64{math.Copysign(0, -1), 0, 0} {
		log.More[i].Cols = []types.Value{types.NewFloat8(price)}
	}
	if got, want := changesOf(t, ev, log, "09:00:00", "13:00:00"), []string{"10:00:00 -0", "10:01:00 0"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
