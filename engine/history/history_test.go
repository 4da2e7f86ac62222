package history

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// everyType is a layout with a column of each kind.
var everyType = &Layout{Types: []types.Type{
	{Kind: types.Int8},
	{Kind: types.Numeric, Precision: 12, Scale: 2},
	{Kind: types.Text},
	{Kind: types.Float8},
	{Kind: types.Bool},
	{Kind: types.Numeric},
	{Kind: types.Interval},
	{Kind: types.UUID},
	{Kind: types.Float4},
	{Kind: types.Timestamptz},
	{Kind: types.Bytea},
	{Kind: types.Array, Elem: types.Text},
	{Kind: types.Date},
}}

// shop is a layout as a feature over orders has it: an amount, a status and a merchant.
var shop = &Layout{Types: []types.Type{{Kind: types.Numeric, Precision: 12, Scale: 2}, {Kind: types.Text}, {Kind: types.Int8}}}

func randomValue(r *rand.Rand, t types.Type) types.Value {
	if r.IntN(8) == 0 {
		return types.Value{}
	}
	switch t.Kind {
	case types.Int8:
		if r.IntN(50) == 0 {
			return types.NewInt8(r.Int64() >> r.IntN(64))
		}
		return types.NewInt8(r.Int64N(1000))
	case types.Numeric:
		switch {
		case t.Precision > 0:
			return types.NewNumeric(r.Int64N(1_000_000), 2)
		case r.IntN(40) == 0:
			return types.NewBigNumeric(new(big.Int).Lsh(big.NewInt(r.Int64()|1), 80), int16(r.IntN(5)))
		case r.IntN(40) == 0:
			return types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}
		}
		return types.NewNumeric(r.Int64N(1000)-500, int16(r.IntN(4)))
	case types.Float8:
		return types.NewFloat8(float64(r.IntN(4000)) / 16)
	case types.Float4:
		return types.NewFloat4(r.Float32())
	case types.Bool:
		return types.NewBool(r.IntN(2) == 0)
	case types.Interval:
		if r.IntN(300) == 0 {
			return types.Value{Kind: types.Interval, I: r.Int64N(1e9), X: types.Span{Months: 1, Days: int32(r.IntN(9))}}
		}
		return types.Value{Kind: types.Interval, I: r.Int64N(1e9)}
	case types.UUID:
		var b [16]byte
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return types.Value{Kind: types.UUID, S: string(b[:])}
	case types.Array:
		return types.Value{Kind: types.Array, X: []types.Value{types.NewText("a"), {}}}
	case types.Date:
		return types.Value{Kind: types.Date, I: r.Int64N(20000)}
	case types.Timestamptz:
		return types.NewTimestamptz(1_700_000_000_000_000 + r.Int64N(1e12))
	case types.Bytea:
		return types.Value{Kind: types.Bytea, S: fmt.Sprint(r.IntN(100000))}
	}
	return types.Value{Kind: t.Kind, S: []string{"", "paid", "open", "a longer status", "x\x00y"}[r.IntN(5)]}
}

// randomLog makes n entries in log order: punctual, late and future ones, some without event time, some sharing one commit.
func randomLog(r *rand.Rand, l *Layout, n int) []Entry {
	const second = 1_000_000
	c, pos := int64(1_700_000_000*second), int64(1)
	log := make([]Entry, n)
	for i := range log {
		if r.IntN(4) > 0 {
			c += r.Int64N(3600 * second)
		}
		if i == 0 || r.IntN(3) > 0 {
			pos += 1 + r.Int64N(1000)
		}
		e := &log[i]
		*e = Entry{C: c, Pos: pos, HasE: true, E: c - r.Int64N(second), Sign: 1, Cols: make([]types.Value, len(l.Types))}
		switch r.IntN(20) {
		case 0:
			e.E = c - r.Int64N(90*86400*second)
		case 1:
			e.E = c + r.Int64N(86400*second)
		case 2:
			e.E = []int64{math.MinInt64, math.MaxInt64, 0}[r.IntN(3)]
		case 3:
			e.HasE, e.E = false, 0
		}
		if r.IntN(4) == 0 {
			e.Sign = -1
		}
		for j, t := range l.Types {
			e.Cols[j] = randomValue(r, t)
		}
	}
	return log
}

// store keeps what Append sealed.
type store map[string][]byte

func name(h Header) string { return fmt.Sprintf("%d/%d/%d", h.Class, h.Level, h.Ordinal) }

func (s store) put(sealed []Sealed) {
	for _, x := range sealed {
		s[name(x.Header)] = x.Bytes
	}
}

func (s store) fetch(h Header) ([]byte, error) {
	b, ok := s[name(h)]
	if !ok {
		return nil, fmt.Errorf("nothing stored for %s", name(h))
	}
	return b, nil
}

// build appends log in random batches, with the root stored and read again between some of them.
func build(t testing.TB, r *rand.Rand, l *Layout, log []Entry) (*Root, store) {
	t.Helper()
	s := store{}
	root := NewRoot()
	for len(log) > 0 {
		n := wholeChange(log, 1+r.IntN(min(len(log), 700)))
		s.put(root.Append(l, log[:n], log[n-1].Pos))
		log = log[n:]
		if r.IntN(3) == 0 {
			root = reread(t, root)
		}
	}
	return root, s
}

// wholeChange moves a cut of log after n entries forward to the end of the change it would split.
func wholeChange(log []Entry, n int) int {
	for n < len(log) && log[n].Pos == log[n-1].Pos {
		n++
	}
	return n
}

func reread(t testing.TB, root *Root) *Root {
	t.Helper()
	got, err := ReadRoot(root.AppendTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sameEntry(a, b *Entry) bool {
	return a.C == b.C && a.Pos == b.Pos && a.HasE == b.HasE && (!a.HasE || a.E == b.E) && a.Sign == b.Sign &&
		slices.EqualFunc(a.Cols, b.Cols, types.Identical)
}

func scanAll(t testing.TB, l *Layout, root *Root, more []Entry, w Window, fetch Fetch) []Entry {
	t.Helper()
	var got []Entry
	for e, err := range Scan(l, root, more, w, fetch) {
		if err != nil {
			t.Fatal(err)
		}
		c := *e
		c.Cols = slices.Clone(e.Cols)
		got = append(got, c)
	}
	return got
}

func equalLogs(t *testing.T, got, want []Entry) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d entries, want %d", len(got), len(want))
	}
	for i := range got {
		if !sameEntry(&got[i], &want[i]) {
			t.Fatalf("entry %d:\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func TestScanYieldsWhatWasAppended(t *testing.T) {
	for _, n := range []int{0, 1, 2, 255, 256, 257, 1000, 64*256 - 1, 64 * 256, 64*256 + 300} {
		r := rand.New(rand.NewPCG(1, uint64(n)))
		log := randomLog(r, everyType, n)
		root, s := build(t, r, everyType, log)
		if root.Count() != int64(n) {
			t.Errorf("Count is %d, want %d", root.Count(), n)
		}
		equalLogs(t, scanAll(t, everyType, reread(t, root), nil, All(math.MaxInt64), s.fetch), log)
	}
}

func TestBytesAreAFunctionOfTheLogAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	log := randomLog(r, everyType, 64*256+777)
	want, stored := build(t, r, everyType, log)
	for range 3 {
		got, s := build(t, r, everyType, log)
		if !bytes.Equal(got.AppendTo(nil), want.AppendTo(nil)) {
			t.Fatal("roots differ")
		}
		if len(s) != len(stored) {
			t.Fatalf("%d sealed, want %d", len(s), len(stored))
		}
		for k, b := range s {
			if !bytes.Equal(b, stored[k]) {
				t.Fatalf("%s differs", k)
			}
		}
	}
}

func TestReplayIsIdempotent(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	log := randomLog(r, shop, 3000)
	want, _ := build(t, r, shop, log)
	root, s := NewRoot(), store{}
	for at := 0; at < len(log); {
		end := wholeChange(log, at+1+r.IntN(min(len(log)-at, 200)))
		// A replay begins anywhere in what was applied, and goes on beyond it.
		from := r.IntN(at + 1)
		s.put(root.Append(shop, log[from:end], log[end-1].Pos))
		at = end
		if r.IntN(2) == 0 {
			root = reread(t, root)
			before := root.AppendTo(nil)
			old := r.IntN(at)
			if sealed := root.Append(shop, log[old:at], log[old].Pos); len(sealed) != 0 {
				t.Fatal("a replay sealed something")
			}
			if !bytes.Equal(root.AppendTo(nil), before) {
				t.Fatal("a replay changed the root")
			}
		}
	}
	if !bytes.Equal(root.AppendTo(nil), want.AppendTo(nil)) {
		t.Fatal("roots differ")
	}
	equalLogs(t, scanAll(t, shop, root, nil, All(math.MaxInt64), s.fetch), log)
}

func TestAppliedMovesWithoutEntries(t *testing.T) {
	root := NewRoot()
	root.Append(shop, nil, 17)
	if root = reread(t, root); root.Applied() != 17 || root.Count() != 0 {
		t.Fatalf("applied %d, %d entries; want 17, 0", root.Applied(), root.Count())
	}
	root.Append(shop, nil, 5)
	if root.Applied() != 17 {
		t.Fatalf("applied fell to %d", root.Applied())
	}
}

func TestScanGoesOnWithWhatIsNotFlushed(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	log := randomLog(r, everyType, 1500)
	for range 40 {
		cut := wholeChange(log, 1+r.IntN(len(log)))
		root, s := build(t, r, everyType, log[:cut])
		from := r.IntN(cut + 1) // entries that the root has already
		equalLogs(t, scanAll(t, everyType, root, log[from:], All(math.MaxInt64), s.fetch), log)
		equalLogs(t, scanRuns(t, r, root, log[from:], s.fetch), log)
		asOf := log[r.IntN(len(log))].C + int64(r.IntN(3)) - 1
		want := log[:0:0]
		for _, e := range log {
			if e.C <= asOf {
				want = append(want, e)
			}
		}
		equalLogs(t, scanAll(t, everyType, root, log[from:], All(asOf), s.fetch), want)
	}
}

// scanRuns scans root and more, with more cut into runs and a rest.
func scanRuns(t *testing.T, r *rand.Rand, root *Root, more []Entry, fetch Fetch) []Entry {
	t.Helper()
	var runs []*Pending
	for len(more) > 0 && r.IntN(4) > 0 {
		run := &Pending{}
		n := 1 + r.IntN(len(more))
		for i := range more[:n] {
			run.Append(everyType, &more[i])
		}
		snapshot := *run // others may append to the run meanwhile
		run.Append(everyType, &more[n-1])
		runs = append(runs, &snapshot)
		more = more[n:]
	}
	c := NewCursor(everyType, nil)
	c.Open(root, more, All(math.MaxInt64), fetch, runs...)
	var got []Entry
	for e := c.Next(); e != nil; e = c.Next() {
		got = append(got, *e)
		got[len(got)-1].Cols = slices.Clone(e.Cols)
	}
	if c.Err() != nil {
		t.Fatal(c.Err())
	}
	return got
}

func TestWindowNeverLeavesOutWhatIsInIt(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	log := randomLog(r, shop, 64*256+5000)
	root, s := build(t, r, shop, log)
	bound := func() int64 {
		switch r.IntN(6) {
		case 0:
			return math.MinInt64
		case 1:
			return math.MaxInt64
		}
		return log[r.IntN(len(log))].E + int64(r.IntN(3)) - 1
	}
	for range 50 {
		w := Window{AsOf: log[r.IntN(len(log))].C, ELow: bound(), EHigh: bound()}
		got := scanAll(t, shop, root, nil, w, s.fetch)
		i := 0
		for k := range log {
			e := &log[k]
			in := i < len(got) && sameEntry(&got[i], e)
			if in {
				i++
			}
			must := e.C <= w.AsOf && (!e.HasE || (e.E <= w.EHigh && (e.E > w.ELow || w.ELow == math.MinInt64)))
			if must && !in {
				t.Fatalf("%+v is left out of %+v", *e, w)
			}
			if in && e.C > w.AsOf {
				t.Fatalf("%+v is in %+v", *e, w)
			}
		}
		if i != len(got) {
			t.Fatalf("%d entries are not the log's", len(got)-i)
		}
	}
}

func TestZoneMapsSkipChunks(t *testing.T) {
	const n, second = 64 * 256 * 3, int64(1_000_000)
	log := make([]Entry, n)
	for i := range log {
		c := int64(i) * second
		log[i] = Entry{C: c, Pos: int64(i) + 1, E: c - 1, HasE: true, Sign: 1, Cols: make([]types.Value, 3)}
	}
	r := rand.New(rand.NewPCG(6, 6))
	root, s := build(t, r, shop, log)
	for _, w := range []Window{
		{AsOf: n * second, ELow: (n - 1000) * second, EHigh: math.MaxInt64},
		{AsOf: 500 * second, ELow: math.MinInt64, EHigh: math.MaxInt64},
		{AsOf: n * second, ELow: 20000 * second, EHigh: 20500 * second},
	} {
		fetched := 0
		scanAll(t, shop, root, nil, w, func(h Header) ([]byte, error) {
			fetched++
			return s.fetch(h)
		})
		if fetched > 7 {
			t.Errorf("%+v fetched %d chunks and nodes of %d", w, fetched, len(s))
		}
	}
}

// TestBlocksAreTheLogBackwards puts the blocks of a scan, which come newest first, together again.
func TestBlocksAreTheLogBackwards(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 14))
	for _, n := range []int{0, 1, 300, 2000, 64*256 + 900} {
		log := randomLog(r, shop, n)
		cut := 0
		if n > 0 {
			cut = wholeChange(log, 1+r.IntN(n))
		}
		root, s := build(t, r, shop, log[:cut])
		run := &Pending{}
		from, mid := cut/2, cut+(n-cut)/2
		for i := range log[from:mid] {
			run.Append(shop, &log[from+i])
		}
		asOf := int64(math.MaxInt64)
		if n > 0 && r.IntN(2) == 0 {
			asOf = log[r.IntN(n)].C
		}
		c := NewCursor(shop, nil)
		c.OpenBlocks(root, log[mid:], All(asOf), s.fetch, run)
		var got []Entry
		for c.PrevBlock() {
			var block []Entry
			for e := c.Next(); e != nil; e = c.Next() {
				block = append(block, *e)
				block[len(block)-1].Cols = slices.Clone(e.Cols)
			}
			got = append(block, got...)
		}
		if c.Err() != nil {
			t.Fatal(c.Err())
		}
		equalLogs(t, got, scanAll(t, shop, root, log[from:], All(asOf), s.fetch))
	}
}

// The event time -infinity is the smallest there is, and no window without a lower bound leaves it out.
func TestMinusInfinityIsInAWindowWithoutLowerBound(t *testing.T) {
	log := make([]Entry, ChunkEntries)
	for i := range log {
		log[i] = Entry{C: 1, Pos: 1, E: types.NegInfinity, HasE: true, Sign: 1, Cols: make([]types.Value, 3)}
	}
	root, s := build(t, rand.New(rand.NewPCG(13, 13)), shop, log)
	equalLogs(t, scanAll(t, shop, root, nil, Window{AsOf: 1, ELow: math.MinInt64, EHigh: 0}, s.fetch), log)
}

func TestColumnsThatAreNotNeededAreSkipped(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	log := randomLog(r, everyType, 2000)
	root, s := build(t, r, everyType, log)
	need := make([]bool, len(everyType.Types))
	need[1], need[6] = true, true
	c := NewCursor(everyType, need)
	for range 2 { // buffers are reused
		c.Open(root, nil, All(math.MaxInt64), s.fetch)
		for i := range log {
			e := c.Next()
			if e == nil {
				t.Fatalf("ends after %d: %v", i, c.Err())
			}
			for j := range need {
				if need[j] && !types.Identical(e.Cols[j], log[i].Cols[j]) {
					t.Fatalf("entry %d, column %d: %v, want %v", i, j, e.Cols[j], log[i].Cols[j])
				}
			}
		}
	}
}

func TestALogOfAMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("a million entries")
	}
	const n = 1_000_000
	r := rand.New(rand.NewPCG(8, 8))
	unit := randomLog(r, shop, 1000)
	root := NewRoot()
	s := store{}
	sealed, worst, largest := 0, 0, 0
	entry := make([]Entry, 1)
	for i := range n {
		e := unit[i%len(unit)]
		shift := int64(i/len(unit)) * (unit[len(unit)-1].C - unit[0].C + 1)
		e.C, e.E, e.Pos = e.C+shift, e.E+shift, int64(i)+1
		entry[0] = e
		touched, tail := 0, len(root.tail.encoded)
		out := root.Append(shop, entry, e.Pos)
		for _, x := range out {
			touched += len(x.Bytes)
			sealed += len(x.Bytes)
		}
		s.put(out)
		touched += max(0, len(root.tail.encoded)-tail)
		worst = max(worst, touched)
		if i%10_007 == 0 || i > n-5 {
			largest = max(largest, len(root.AppendTo(nil)))
		}
	}
	t.Logf("root %d bytes at most, sealed %.2f bytes per entry, an append touches %d bytes at most", largest, float64(sealed)/n, worst)
	if largest > 12_000 {
		t.Errorf("a root of %d bytes", largest)
	}
	// A chunk and two directory nodes, where all three fill at once.
	if worst > 12_000 {
		t.Errorf("an append touched %d bytes", worst)
	}
	if float64(sealed)/n > 16 {
		t.Errorf("%.2f bytes per entry", float64(sealed)/n)
	}
	got := 0
	c := NewCursor(shop, nil)
	c.Open(reread(t, root), nil, All(math.MaxInt64), s.fetch)
	for e := c.Next(); e != nil; e = c.Next() {
		if got++; e.Pos != int64(got) {
			t.Fatalf("entry %d has position %d", got, e.Pos)
		}
	}
	if c.Err() != nil || got != n {
		t.Fatalf("%d entries: %v", got, c.Err())
	}
}

func TestEntriesThatGoBackAreRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Fatal("an entry earlier than the last was accepted")
		}
	}()
	root := NewRoot()
	cols := make([]types.Value, 3)
	root.Append(shop, []Entry{{C: 10, Pos: 1, Sign: 1, Cols: cols}, {C: 9, Pos: 2, Sign: 1, Cols: cols}}, 2)
}

func TestDamageIsAnError(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	log := randomLog(r, shop, 64*256+100)
	root, s := build(t, r, shop, log)
	src := root.AppendTo(nil)
	for range 500 {
		bad := slices.Clone(src)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if _, err := ReadRoot(bad); err == nil {
			t.Fatal("a damaged root was read")
		}
		if _, err := ReadRoot(src[:r.IntN(len(src))]); err == nil {
			t.Fatal("a root cut short was read")
		}
	}
	scan := func(fetch Fetch) error {
		for _, err := range Scan(shop, root, nil, All(math.MaxInt64), fetch) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	for key, b := range s {
		bad := slices.Clone(b)
		bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
		if scan(func(h Header) ([]byte, error) {
			if name(h) == key {
				return bad, nil
			}
			return s.fetch(h)
		}) == nil {
			t.Fatalf("a damaged %s was read", key)
		}
	}
	// One chunk in the place of another is whole, and not the one that was named.
	if scan(func(h Header) ([]byte, error) {
		if h.Level == 0 {
			h.Ordinal = 0
		}
		return s.fetch(h)
	}) == nil {
		t.Fatal("another chunk was taken for the one named")
	}
}

func TestScanningTheTailAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	log := randomLog(r, shop, 256*5+200)
	root, s := build(t, r, shop, log)
	c := NewCursor(shop, nil)
	fetch := s.fetchAllocationFree()
	scan := func() {
		c.Open(root, nil, All(math.MaxInt64), fetch)
		for c.Next() != nil {
		}
		if c.Err() != nil {
			t.Fatal(c.Err())
		}
	}
	scan()
	if n := testing.AllocsPerRun(20, scan); n > 0 {
		t.Errorf("%v allocations to scan %d entries", n, len(log))
	}
}

func (s store) fetchAllocationFree() Fetch {
	byHeader := map[Header][]byte{}
	return func(h Header) ([]byte, error) {
		if b, ok := byHeader[h]; ok {
			return b, nil
		}
		b, err := s.fetch(h)
		byHeader[h] = b
		return b, err
	}
}

func TestEventTimeOfADate(t *testing.T) {
	for _, days := range []int64{0, 1, -1, 19000, types.InfinityDays, types.NegInfinityDays} {
		v := types.Value{Kind: types.Date, I: days}
		e, ok := EventTime(v)
		if back := EventValue(types.Date, e); !ok || !types.Identical(back, v) {
			t.Errorf("%d days came back as %d", days, back.I)
		}
	}
	if e, _ := EventTime(types.Value{Kind: types.Date, I: types.InfinityDays}); e != types.Infinity {
		t.Errorf("infinity has event time %d", e)
	}
	if _, ok := EventTime(types.Value{}); ok {
		t.Error("NULL has an event time")
	}
}

func BenchmarkScanTail(b *testing.B)   { benchmarkScan(b, 200) }
func BenchmarkScanChunks(b *testing.B) { benchmarkScan(b, 256*60) }

func benchmarkScan(b *testing.B, n int) {
	r := rand.New(rand.NewPCG(11, 11))
	log := randomLog(r, shop, n)
	root, s := build(b, r, shop, log)
	c := NewCursor(shop, nil)
	fetch := s.fetchAllocationFree()
	for b.Loop() {
		c.Open(root, nil, All(math.MaxInt64), fetch)
		for c.Next() != nil {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/entry")
}

func BenchmarkAppend(b *testing.B) {
	r := rand.New(rand.NewPCG(12, 12))
	log := randomLog(r, shop, 256*60)
	for b.Loop() {
		root := NewRoot()
		for i := range log {
			root.Append(shop, log[i:i+1], log[i].Pos)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(log)), "ns/entry")
}

// A tail of long values is sealed before it has all its entries, at the same places however it is appended.
func TestLongValuesSealTheTailEarly(t *testing.T) {
	l := &Layout{Types: []types.Type{{Kind: types.Text}}}
	var entries []Entry
	for i := range 40 {
		entries = append(entries, Entry{C: int64(i), Pos: int64(i + 1), Sign: 1, Cols: []types.Value{types.NewText(strings.Repeat("x", 100_000))}})
	}
	atOnce := NewRoot()
	sealed := atOnce.Append(l, entries, 40)
	if len(sealed) != 3 || len(atOnce.AppendTo(nil)) > tailBytes+100_000 {
		t.Fatalf("%d chunks, a root of %d bytes", len(sealed), len(atOnce.AppendTo(nil)))
	}
	oneByOne := NewRoot()
	var again []Sealed
	for i := range entries {
		again = append(again, oneByOne.Append(l, entries[i:i+1], 0)...)
	}
	if len(again) != len(sealed) || !bytes.Equal(oneByOne.AppendTo(nil), atOnce.AppendTo(nil)) {
		t.Fatalf("%d chunks one by one", len(again))
	}
	for i := range sealed {
		if !bytes.Equal(again[i].Bytes, sealed[i].Bytes) {
			t.Errorf("chunk %d differs", i)
		}
	}
}
