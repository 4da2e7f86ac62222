package exec

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// numbers makes a table n of rows (id, id % 7, text) in a shuffled order.
func numbers(t testing.TB, rows int) *database {
	db := newDatabase()
	mustCreate(t, db, "CREATE SOURCE n (id BIGINT PRIMARY KEY, m INTEGER, s TEXT) WITH (connector = 'file', path = 'x') FORMAT DEBEZIUM ENCODE JSON")
	for _, i := range rand.New(rand.NewPCG(3, 3)).Perm(rows) {
		s := types.NewText(fmt.Sprintf("text %d", i%100))
		db.rows["n"] = append(db.rows["n"], []types.Value{types.NewInt8(int64(i)), types.NewInt(types.Int4, int64(i%7)), s})
	}
	return db
}

func mustQuery(t *testing.T, db *database, text string) [][]string {
	t.Helper()
	_, rows, err := db.query(context.Background(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return rows
}

// TestBatchBorders: answers do not depend on how rows fall into batches.
func TestBatchBorders(t *testing.T) {
	for _, rows := range []int{0, 1, batchRows - 1, batchRows, batchRows + 1, 3*batchRows + 17} {
		db := numbers(t, rows)
		if got := mustQuery(t, db, "SELECT COUNT(*), COUNT(id) FROM n"); got[0][0] != fmt.Sprint(rows) || got[0][1] != fmt.Sprint(rows) {
			t.Errorf("%d rows are counted as %v", rows, got)
		}
		if got := mustQuery(t, db, "SELECT id FROM n WHERE m <> 3"); len(got) != rows-(rows+3)/7 {
			t.Errorf("of %d rows %d pass the filter", rows, len(got))
		}
		ids := mustQuery(t, db, "SELECT id FROM n ORDER BY id DESC")
		for i, r := range ids {
			if r[0] != fmt.Sprint(rows-1-i) {
				t.Fatalf("%d rows: row %d in order is %s", rows, i, r[0])
			}
		}
		if got := mustQuery(t, db, "SELECT DISTINCT id % 1500 FROM n"); len(got) != min(rows, 1500) {
			t.Errorf("of %d rows %d are distinct", rows, len(got))
		}
		if got := mustQuery(t, db, "SELECT id FROM n OFFSET 1000 LIMIT 1100"); len(got) != min(max(rows-1000, 0), 1100) {
			t.Errorf("of %d rows LIMIT leaves %d", rows, len(got))
		}
	}
}

// TestLimitedSortIsTheSortsBeginning: a sort that keeps few rows gives the first rows of the whole sort, ties included.
func TestLimitedSortIsTheSortsBeginning(t *testing.T) {
	db := numbers(t, 5000)
	all := mustQuery(t, db, "SELECT m, id FROM n ORDER BY m DESC")
	for _, n := range []int{1, 10, 700, 1024, 2000, 4999, 6000} {
		got := mustQuery(t, db, fmt.Sprintf("SELECT m, id FROM n ORDER BY m DESC LIMIT %d OFFSET 5", n))
		if want := all[5:min(5+n, len(all))]; !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("LIMIT %d differs from the beginning of the whole", n)
		}
	}
}

// TestSortIsStable: rows with equal keys stay in the order of the scan.
func TestSortIsStable(t *testing.T) {
	db := numbers(t, 3000)
	last := map[string]int{}
	place := map[string]int{}
	for i, r := range mustQuery(t, db, "SELECT id FROM n") {
		place[r[0]] = i
	}
	for _, r := range mustQuery(t, db, "SELECT m, id FROM n ORDER BY m") {
		if p := place[r[1]]; p < last[r[0]] {
			t.Fatalf("id %s came before in the scan", r[1])
		} else {
			last[r[0]] = p
		}
	}
}

// TestMemoryLimit: what keeps rows stops at the limit and names the setting; what need not keep them goes on.
func TestMemoryLimit(t *testing.T) {
	db := numbers(t, 20_000)
	db.limit = 1 << 20
	for text, stops := range map[string]bool{
		"SELECT * FROM n ORDER BY s":                         true,
		"SELECT id, COUNT(*) FROM n GROUP BY id":             true,
		"SELECT DISTINCT id FROM n":                          true,
		"SELECT COUNT(DISTINCT id) FROM n":                   true,
		"SELECT * FROM n ORDER BY s LIMIT 10":                false,
		"SELECT s FROM (n) ORDER BY id % 5 LIMIT 10":         false,
		"SELECT m, COUNT(*), MAX(s) FROM n GROUP BY m":       false,
		"SELECT DISTINCT s FROM n":                           false,
		"SELECT * FROM n WHERE id > 5":                       false,
		"SELECT COUNT(DISTINCT m), COUNT(DISTINCT s) FROM n": false,
	} {
		text = strings.Replace(text, "(n)", "n", 1)
		_, _, err := db.query(context.Background(), text)
		var e *types.Error
		switch {
		case stops && (!errors.As(err, &e) || e.Code != types.CodeOutOfMemory || !strings.Contains(e.Hint, "memory_limit")):
			t.Errorf("%s: %v", text, err)
		case !stops && err != nil:
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestCancel: a cancelled statement stops with 57014, also in the middle of an aggregation.
func TestCancel(t *testing.T) {
	db := numbers(t, 10_000)
	ctx, cancel := context.WithCancel(context.Background())
	reads := 0
	tables := tablesFunc(func(ctx context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error) {
		rows, err := db.Open(ctx, s, keys)
		return countingRows{rows, func() {
			if reads++; reads == 3000 {
				cancel()
			}
		}}, err
	})
	op := mustBuild(t, db, "SELECT m, COUNT(*) FROM n GROUP BY m", &Context{Tables: tables})
	defer op.Close()
	_, err := op.Next(ctx)
	var e *types.Error
	if !errors.As(err, &e) || e.Code != types.CodeCanceled || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if reads > 3000+batchRows {
		t.Errorf("%d rows were read", reads)
	}
}

type tablesFunc func(context.Context, *plan.Scan, [][]types.Value) (Rows, error)

func (f tablesFunc) Open(ctx context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error) {
	return f(ctx, s, keys)
}

func (f tablesFunc) Sweep(context.Context, *plan.Scan, *Questions, []Answer) error {
	return errors.New("these tables have no past")
}

type countingRows struct {
	Rows
	read func()
}

func (r countingRows) Next(ctx context.Context) ([]types.Value, error) {
	r.read()
	return r.Rows.Next(ctx)
}

// TestErrorsOfTheScan are handed up, and a closed scan closes its rows once.
func TestErrorsOfTheScan(t *testing.T) {
	db := numbers(t, 10)
	failed := errors.New("the disk is gone")
	closed := 0
	tables := tablesFunc(func(context.Context, *plan.Scan, [][]types.Value) (Rows, error) {
		return failingRows{failed, &closed}, nil
	})
	op := mustBuild(t, db, "SELECT m, COUNT(*) FROM n WHERE id > 3 GROUP BY m ORDER BY 2 LIMIT 3", &Context{Tables: tables})
	if _, err := op.Next(context.Background()); !errors.Is(err, failed) {
		t.Errorf("got %v", err)
	}
	for range 2 {
		if err := op.Close(); err != nil {
			t.Error(err)
		}
	}
	if closed != 1 {
		t.Errorf("closed %d times", closed)
	}
}

type failingRows struct {
	err    error
	closed *int
}

func (r failingRows) Next(context.Context) ([]types.Value, error) { return nil, r.err }

func (r failingRows) Close() error {
	*r.closed++
	return nil
}

// TestLimitStopsReading: what is not wanted is not read.
func TestLimitStopsReading(t *testing.T) {
	db := numbers(t, 10_000)
	reads := 0
	tables := tablesFunc(func(ctx context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error) {
		rows, err := db.Open(ctx, s, keys)
		return countingRows{rows, func() { reads++ }}, err
	})
	op := mustBuild(t, db, "SELECT id FROM n LIMIT 5", &Context{Tables: tables})
	defer op.Close()
	if b, err := op.Next(context.Background()); err != nil || b.Rows() != 5 {
		t.Fatal(b, err)
	}
	if b, err := op.Next(context.Background()); b != nil || err != nil {
		t.Fatal(b, err)
	}
	if reads > batchRows {
		t.Errorf("%d rows were read", reads)
	}
}

func bind(t testing.TB, db *database, text string) *plan.Query {
	t.Helper()
	sts, err := syntax.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	q, err := plan.BindQuery(sts[0].(*syntax.Query).Select, db, plan.Session{})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func mustBuild(t testing.TB, db *database, text string, c *Context) Operator {
	t.Helper()
	op, err := Build(bind(t, db, text), c)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// BenchmarkPoint is a look-up of one row by key, from the bound query to the end.
func BenchmarkPoint(b *testing.B) {
	db := numbers(b, 1)
	q := bind(b, db, "SELECT * FROM n WHERE id = 0")
	b.ReportAllocs()
	for b.Loop() {
		op, err := Build(q, &Context{Tables: db})
		if err != nil {
			b.Fatal(err)
		}
		for {
			batch, err := op.Next(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			if batch == nil {
				break
			}
			batch.Release()
		}
		op.Close()
		db.opened = db.opened[:0]
	}
}

// BenchmarkRows are queries over many rows, per row.
func BenchmarkRows(b *testing.B) {
	db := numbers(b, 100_000)
	for _, text := range []string{
		"SELECT id FROM n", "SELECT * FROM n WHERE m = 3", "SELECT id + 1 FROM n", "SELECT m, COUNT(*), SUM(id) FROM n GROUP BY m",
		"SELECT * FROM n ORDER BY s, id", "SELECT * FROM n ORDER BY s LIMIT 10", "SELECT DISTINCT s FROM n",
	} {
		b.Run(text, func(b *testing.B) {
			q := bind(b, db, text)
			for b.Loop() {
				op, err := Build(q, &Context{Tables: db})
				if err != nil {
					b.Fatal(err)
				}
				for {
					batch, err := op.Next(context.Background())
					if err != nil {
						b.Fatal(err)
					}
					if batch == nil {
						break
					}
					batch.Release()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/row")
		})
	}
}
