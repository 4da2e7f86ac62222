package engine_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/engine"
)

// losing is a database whose connector loses its place from time to time, and then takes another snapshot.
type losing struct {
	rnd  *rand.Rand
	now  time.Time
	lsn  int
	rows map[int]string
	// records is what reached the input, truth what the table was from each moment on, nil where nobody can know it.
	records []*kgo.Record
	truth   []lostMoment
}

type lostMoment struct {
	at   time.Time
	rows string
	lost bool
}

func (l *losing) change() (op string, id int) {
	l.now = l.now.Add(time.Duration(1+l.rnd.IntN(3000)) * time.Millisecond)
	id = l.rnd.IntN(12)
	_, there := l.rows[id]
	switch {
	case !there:
		l.rows[id] = fmt.Sprint("v", l.rnd.IntN(4))
		return "c", id
	case l.rnd.IntN(2) == 0:
		delete(l.rows, id)
		return "d", id
	default:
		l.rows[id] = fmt.Sprint("v", l.rnd.IntN(4))
		return "u", id
	}
}

func (l *losing) send(op, snapshot string, id, partitions int, value string) {
	l.lsn++
	after := "null"
	if op != "d" {
		after = fmt.Sprintf(`{"id":%d,"v":"%s"}`, id, value)
	}
	before := "null"
	if op == "d" {
		before = fmt.Sprintf(`{"id":%d}`, id)
	}
	l.records = append(l.records, &kgo.Record{
		Topic: "shop.public.items", Partition: int32(id % partitions), Key: fmt.Appendf(nil, `{"id":%d}`, id),
		Value: fmt.Appendf(nil, `{"op":"%s","before":%s,"after":%s,"source":{"connector":"postgresql","schema":"public","table":"items","ts_us":%d,"txId":%d,"lsn":%d,"snapshot":"%s"}}`,
			op, before, after, l.now.UnixMicro(), l.lsn, l.lsn, snapshot),
	})
}

func (l *losing) note(lost bool) {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(l.rows)) {
		fmt.Fprintf(&b, "%d,%s,\n", id, l.rows[id])
	}
	l.truth = append(l.truth, lostMoment{l.now, b.String(), lost})
}

// snapshot sends every row, or only the first of them: the connector dies.
func (l *losing) snapshot(partitions int, whole bool) {
	l.now = l.now.Add(time.Second)
	ids := slices.Sorted(maps.Keys(l.rows))
	if !whole {
		ids = ids[:l.rnd.IntN(len(ids))]
	}
	for i, id := range ids {
		mark := "true"
		switch {
		case i == 0:
			mark = "first"
		case i == len(ids)-1 && whole:
			mark = "last"
		}
		l.send("r", mark, id, partitions, l.rows[id])
	}
	l.note(!whole)
}

// unseen changes the database while no connector looks.
func (l *losing) unseen() {
	for range 1 + l.rnd.IntN(6) {
		l.change()
		l.note(true)
	}
	l.rows[0] = "there" // a snapshot has a row
}

func lose(seed uint64, partitions int) *losing {
	l := &losing{rnd: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2025, 5, 20, 10, 0, 0, 0, time.UTC), rows: map[int]string{0: "a", 5: "b", 7: "c"}}
	l.snapshot(partitions, true)
	for range 4 {
		for range 5 + l.rnd.IntN(10) {
			op, id := l.change()
			l.send(op, "false", id, partitions, l.rows[id])
			l.note(false)
		}
		l.truth[len(l.truth)-1].lost = true // what was read last may have had more to come
		l.unseen()
		for range l.rnd.IntN(3) {
			l.snapshot(partitions, false)
			l.unseen()
		}
		l.snapshot(partitions, true)
	}
	l.now = l.now.Add(time.Minute)
	l.rows[99] = "the end"
	l.send("c", "false", 99, partitions, "the end")
	l.note(false)
	return l
}

// check holds the table at each moment against the database's, and what nobody can know is an error.
func (l *losing) check(t *testing.T, e *engine.Engine) {
	t.Helper()
	for i, m := range l.truth {
		got, err := ask(t.Context(), e, fmt.Sprintf("SELECT id, v FROM items AS OF '%s' ORDER BY id", m.at.Format("2006-01-02 15:04:05.999999Z07:00")))
		switch {
		case m.lost && (err == nil || !strings.Contains(err.Error(), "lost the changes")):
			t.Errorf("moment %d, %s, of which nobody knows: %q, %v", i, m.at, got, err)
		case !m.lost && (err != nil || got != m.rows):
			t.Errorf("moment %d, %s: %q, %v; want %q", i, m.at, got, err, m.rows)
		}
	}
	newest := l.truth[len(l.truth)-1]
	if got, err := ask(t.Context(), e, "SELECT SUM(n) FROM items_n"); err != nil || got != fmt.Sprintf("%d,\n", strings.Count(newest.rows, "\n")) {
		t.Errorf("the feature: %q, %v; the rows are %q", got, err, newest.rows)
	}
	if got, err := ask(t.Context(), e, "VERIFY FEATURE items_n"); err != nil {
		t.Errorf("VERIFY FEATURE: %q, %v", got, err)
	}
}

const createItemsN = "CREATE FEATURE items_n ENTITY kind (v) AS SELECT v, COUNT(*) AS n FROM items GROUP BY v"

// A table that is read through snapshots taken again is the database's at every moment of which something can be known, wherever the program ends and starts anew.
func TestSnapshotsTakenAgain(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			l := lose(seed, 1)
			dir := t.TempDir()
			path := filepath.Join(dir, "items.ndjson")
			options := engine.Options{BatchChanges: 1 + l.rnd.IntN(4)}
			e := openEngine(t, filepath.Join(dir, "data"), options)
			for rest := l.records; len(rest) > 0; {
				n := min(len(rest), 1+l.rnd.IntN(9))
				var lines strings.Builder
				for _, r := range rest[:n] {
					lines.Write(append(r.Value, '\n'))
				}
				if err := writeLines(path, os.O_APPEND, strings.TrimSuffix(lines.String(), "\n")); err != nil {
					t.Fatal(err)
				}
				if len(rest) == len(l.records) {
					mustExec(t, e, "CREATE SOURCE items (id BIGINT PRIMARY KEY, v TEXT) WITH (connector = 'file', path = '"+path+"', follow = 'true') FORMAT DEBEZIUM ENCODE JSON")
					mustExec(t, e, createItemsN)
				}
				rest = rest[n:]
				read := int64(len(l.records) - len(rest))
				awaitSource(t, e, "items", func(row sourceRow) bool { return row["records"].I >= read })
				if l.rnd.IntN(3) == 0 {
					if err := e.Close(); err != nil {
						t.Fatal(err)
					}
					e = openEngine(t, filepath.Join(dir, "data"), options)
				}
			}
			end := l.truth[len(l.truth)-1].at.UnixMicro()
			awaitSource(t, e, "items", func(row sourceRow) bool { return !row["frontier"].IsNull() && row["frontier"].I >= end })
			l.check(t, e)
		})
	}
}

// So it is over partitions, where the rows of a snapshot come in any order, and its last is none's.
func TestSnapshotsTakenAgainOverPartitions(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			l := lose(seed+100, 3)
			b := newBroker(t, map[string]int{"shop.public.items": 3})
			b.produce(t, l.records...)
			e := openEngine(t, filepath.Join(t.TempDir(), "data"), engine.Options{BatchChanges: 1 + l.rnd.IntN(4)})
			mustExec(t, e, "CREATE SOURCE items (id BIGINT PRIMARY KEY, v TEXT) WITH (connector = 'kafka', brokers = '"+b.address+"', topic = 'shop.public.items') FORMAT DEBEZIUM ENCODE JSON")
			mustExec(t, e, createItemsN)
			end := l.truth[len(l.truth)-1].at.UnixMicro()
			awaitSource(t, e, "items", func(row sourceRow) bool { return !row["frontier"].IsNull() && row["frontier"].I >= end })
			l.check(t, e)
		})
	}
}
