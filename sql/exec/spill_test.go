package exec

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// large are queries over n (numbers) that keep much, with whether their order is determined.
var large = map[string]bool{
	"SELECT * FROM n ORDER BY s, id":                                                                   true,
	"SELECT m, id FROM n ORDER BY m DESC":                                                              true, // the sort is stable
	"SELECT m, id FROM n ORDER BY m DESC LIMIT 2000":                                                   true,
	"SELECT id, COUNT(*), MIN(s), SUM(m) FROM n GROUP BY id":                                           false,
	"SELECT id % 799, COUNT(*), MAX(s), AVG(id), COUNT(DISTINCT m) FROM n GROUP BY 1":                  false,
	"SELECT DISTINCT id / 2 FROM n":                                                                    false,
	"SELECT a.id, b.s FROM n a JOIN n b ON a.id = b.id + 1":                                            false,
	"SELECT a.id, b.id FROM n a LEFT JOIN n b ON a.id = b.id + 2500 AND b.m > 2":                       false,
	"SELECT a.id, b.id FROM n a FULL JOIN n b ON a.id = b.id + 2500":                                   false,
	"SELECT a.id, b.id FROM n a RIGHT JOIN n b ON a.id = b.id * 2 AND a.m = 1":                         false,
	"SELECT COUNT(*), SUM(a.id) FROM n a JOIN n b ON a.m = b.m WHERE a.id < 20":                        true, // few keys, many rows
	"SELECT a.id FROM n a WHERE NOT EXISTS (SELECT 1 FROM n b WHERE b.id = a.id + 1)":                  false,
	"SELECT a.id FROM n a WHERE EXISTS (SELECT 1 FROM n b WHERE b.id = a.id * 3)":                      false,
	"SELECT a.id FROM n a WHERE a.id NOT IN (SELECT b.id + 10 FROM n b)":                               false,
	"SELECT COUNT(*) FROM n a WHERE a.id NOT IN (SELECT NULLIF(b.id + 10, 77) FROM n b)":               true,
	"SELECT a.id, b.id FROM n a LEFT JOIN n b ON a.id + 2990 < b.id WHERE a.id < 20":                   false, // no keys
	"SELECT a.id FROM n a WHERE NOT EXISTS (SELECT 1 FROM n b WHERE b.id > a.id + 2990) AND a.id < 20": false,
	"SELECT a.id FROM n a WHERE EXISTS (SELECT 1 FROM n b WHERE b.id > a.id + 2990) AND a.id < 20":     false,
	"SELECT a.id, b.id FROM (SELECT * FROM n WHERE id < 20) a RIGHT JOIN n b ON a.id + 2990 < b.id":    false,
	"SELECT a.id FROM n a WHERE NULLIF(a.id, 5) NOT IN (SELECT b.id + 10 FROM n b)":                    false,
	"SELECT a.id FROM (SELECT * FROM n WHERE id < 50) a, n b WHERE a.id + b.id = 2999":                 false,
	"SELECT id FROM n EXCEPT SELECT id * 2 FROM n":                                                     false,
	"SELECT m FROM n INTERSECT ALL SELECT id FROM n":                                                   false,
	"SELECT id FROM n UNION SELECT id + 1500 FROM n":                                                   false,
	"WITH x AS (SELECT id, s FROM n) SELECT COUNT(*), MAX(a.s) FROM x a JOIN x b USING (id)":           true,
	"SELECT COUNT(*) FROM n WHERE id <= ALL (SELECT id + 7 FROM n)":                                    true,
	"SELECT COUNT(*) FROM n WHERE id <> ALL (SELECT id + 7 FROM n) OR m = 9":                           true,
}

// TestSpilling: with a fraction of the memory that they need queries give the same rows, in the same order where it is determined, and leave no files.
func TestSpilling(t *testing.T) {
	db := numbers(t, 3_000)
	db.temp = t.TempDir()
	for text, ordered := range large {
		db.limit = 0
		want := joinRows(mustQuery(t, db, text))
		for _, limit := range []int64{12 << 10, 150 << 10} {
			db.limit = limit
			got := joinRows(mustQuery(t, db, text))
			if !ordered {
				slices.Sort(got)
				slices.Sort(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s with %d bytes: %d rows, not %d", text, limit, len(got), len(want))
			}
			if left, _ := filepath.Glob(filepath.Join(db.temp, "*")); len(left) > 0 {
				t.Fatalf("%s leaves %v", text, left)
			}
		}
	}
}

func joinRows(rows [][]string) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		out[i] = strings.Join(r, "|")
	}
	return out
}

// TestSpillingIsCleanedUp: a statement that is closed early, cancelled or fails leaves no files.
func TestSpillingIsCleanedUp(t *testing.T) {
	db := numbers(t, 3_000)
	db.temp = t.TempDir()
	for text := range large {
		for _, batches := range []int{0, 1, 2} {
			op := mustBuild(t, db, text, &Context{Tables: db, MemoryLimit: 12 << 10, TempDir: db.temp})
			for range batches {
				b, err := op.Next(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				if b != nil {
					b.Release()
				}
			}
			if err := op.Close(); err != nil {
				t.Error(err)
			}
			if left, _ := filepath.Glob(filepath.Join(db.temp, "*")); len(left) > 0 {
				t.Fatalf("%s leaves %v after %d batches", text, left, batches)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		op := mustBuild(t, db, text, &Context{Tables: &interrupted{database: db, cancel: cancel, after: 4_000}, MemoryLimit: 12 << 10, TempDir: db.temp})
		var err error
		for b := (*types.Batch)(nil); err == nil; {
			if b, err = op.Next(ctx); b == nil {
				break
			}
			b.Release()
		}
		if e := op.Close(); e != nil {
			t.Error(e)
		}
		cancel()
		if left, _ := filepath.Glob(filepath.Join(db.temp, "*")); len(left) > 0 {
			t.Fatalf("%s leaves %v after %v", text, left, err)
		}
	}
}

// interrupted cancels a statement after some rows.
type interrupted struct {
	*database
	cancel func()
	after  int
}

func (i *interrupted) Open(ctx context.Context, s *plan.Scan, keys [][]types.Value) (Rows, error) {
	rows, err := i.database.Open(ctx, s, keys)
	return countingRows{rows, func() {
		if i.after--; i.after == 0 {
			i.cancel()
		}
	}}, err
}

// TestSpillingWithoutPlace: where files cannot be written the statement says so.
func TestSpillingWithoutPlace(t *testing.T) {
	db := numbers(t, 3_000)
	db.temp, db.limit = filepath.Join(t.TempDir(), "gone"), 12<<10
	_, _, err := db.query(context.Background(), "SELECT * FROM n ORDER BY s, id")
	var e *types.Error
	if !errors.As(err, &e) || e.Code != types.CodeIO || !errors.Is(err, os.ErrNotExist) || e.Hint == "" {
		t.Errorf("got %v", err)
	}
}

// TestOneGroupTooLarge: what one group collects cannot be divided, and the error names the setting.
func TestOneGroupTooLarge(t *testing.T) {
	db := numbers(t, 3_000)
	db.temp, db.limit = t.TempDir(), 12<<10
	for _, text := range []string{"SELECT COUNT(DISTINCT id) FROM n", "SELECT m % 2, COUNT(DISTINCT id) FROM n GROUP BY 1"} {
		_, _, err := db.query(context.Background(), text)
		var e *types.Error
		if !errors.As(err, &e) || e.Code != types.CodeOutOfMemory || !strings.Contains(e.Hint, "memory_limit") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// BenchmarkSpilling is the cost of files.
func BenchmarkSpilling(b *testing.B) {
	db := numbers(b, 100_000)
	for _, text := range []string{"SELECT * FROM n ORDER BY s, id", "SELECT id, COUNT(*) FROM n GROUP BY id", "SELECT a.id, b.s FROM n a JOIN n b ON a.id = b.id + 1"} {
		for _, limit := range []int64{0, 1 << 20} {
			b.Run(fmt.Sprintf("%s/%d", text, limit), func(b *testing.B) {
				q := bind(b, db, text)
				dir := b.TempDir()
				for b.Loop() {
					op, err := Build(q, &Context{Tables: db, MemoryLimit: limit, TempDir: dir})
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
					if err := op.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/row")
			})
		}
	}
}
