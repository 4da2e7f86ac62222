package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// derived is a data directory that has been filled and closed, and what it answered.
type derived struct {
	stepOrders
	w       *stepWriter
	answers map[string]string
}

func newDerived(t *testing.T, seed uint64) *derived {
	t.Helper()
	dir := t.TempDir()
	d := &derived{stepOrders: stepOrders{Dir: filepath.Join(dir, "data"), Path: filepath.Join(dir, "t.ndjson"), Rebuild: true}}
	d.w = &stepWriter{path: d.Path, rng: rand.New(rand.NewPCG(seed, 3)), rows: map[int]bool{}}
	d.w.transactions(t, 40)
	d.with(t, func(e *engine.Engine) {
		mustExec(t, e, d.create()+"; CREATE FEATURE g ENTITY n (n) AS SELECT n, MAX(id) AS newest, COUNT(DISTINCT who) AS whos FROM t GROUP BY n")
		d.await(t, e)
		d.answers = d.ask(t, e)
	})
	return d
}

func (d *derived) with(t *testing.T, fn func(*engine.Engine)) {
	t.Helper()
	e, err := d.open()
	if err != nil {
		t.Fatal(err)
	}
	fn(e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

func (d *derived) await(t *testing.T, e *engine.Engine) {
	t.Helper()
	mustExec(t, e, "SET as_of_wait = '60s'; SELECT COUNT(*) FROM t AS OF '"+types.NewTimestamptz(d.w.now.UnixMicro()).String()+"'")
}

func (d *derived) ask(t *testing.T, e *engine.Engine) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, at := range d.w.commits {
		for _, relation := range []string{"f", "g", "t"} {
			q := "SELECT * FROM " + relation + " AS OF '" + types.NewTimestamptz(at.UnixMicro()).String() + "' ORDER BY 1"
			all[q] = mustAsk(t, e, q)
		}
	}
	return all
}

// same checks that the directory answers as it did.
func (d *derived) same(t *testing.T) {
	t.Helper()
	d.with(t, func(e *engine.Engine) {
		for q, got := range d.ask(t, e) {
			if want, known := d.answers[q]; known && got != want {
				t.Errorf("%s: %q, and before %q", q, got, want)
			}
		}
		mustExec(t, e, "VERIFY FEATURE f; VERIFY FEATURE g")
	})
}

// findings are what is said of the directory, a line each.
func (d *derived) findings(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	err := engine.Examine(t.Context(), d.Dir, d.options(), 0, func(f engine.Finding) {
		fmt.Fprintf(&b, "%s %s: %s; %s\n", [...]string{"ok", "note", "WRONG"}[f.Health], f.What, f.Detail, f.Next)
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func (d *derived) rebuild(t *testing.T) {
	t.Helper()
	done, err := engine.Rebuild(t.Context(), d.Dir, d.options())
	if err != nil || len(done) != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
}

// damage changes what is stored, behind the engine's back.
func (d *derived) damage(t *testing.T, fn func(v *storage.View, w *storage.Derived) error) {
	t.Helper()
	db, err := storage.Open(d.Dir, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	v, w := db.View(), db.NewDerived()
	err = fn(v, w)
	v.Close()
	if err := errors.Join(err, w.Flush(), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// Whatever is done to rows and entity logs, it is found and named, and a rebuild makes them again as they were; what comes after it is read as if nothing had been.
func TestRebuildMendsDerivedState(t *testing.T) {
	roots := func(change func(w *storage.Derived, k storage.EntityKey, roots [][]byte)) func(*storage.View, *storage.Derived) error {
		return func(v *storage.View, w *storage.Derived) error {
			var g struct {
				ID     uint32
				Entity uint16
			}
			if err := v.ScanMeta("catalog/generation/", func(_ string, value []byte) error { return json.Unmarshal(value, &g) }); err != nil {
				return err
			}
			var last storage.EntityKey
			var all [][]byte
			err := v.ScanRoots(g.Entity, g.ID, func(k []byte, slot uint16, root []byte) error {
				last = storage.EntityKey{Slot: slot, Type: g.Entity, Key: append([]byte{}, k...), Group: g.ID}
				all = append(all, append([]byte{}, root...))
				return nil
			})
			change(w, last, all)
			return err
		}
	}
	rows := func(change func(w *storage.Derived, key, row []byte)) func(*storage.View, *storage.Derived) error {
		return func(v *storage.View, w *storage.Derived) error {
			return v.ScanRows(1, func(key, row []byte) error {
				change(w, append([]byte{}, key...), append([]byte{}, row...))
				return storage.ErrStop
			})
		}
	}
	for name, c := range map[string]struct {
		damage func(*storage.View, *storage.Derived) error
		found  string
	}{
		"a row is lost":           {rows(func(w *storage.Derived, key, _ []byte) { w.DeleteRow(1, key) }), "WRONG source t: the data directory is damaged at the rows of source \"t\": they are not what its changes give"},
		"a row is there twice":    {rows(func(w *storage.Derived, key, row []byte) { w.PutRow(1, append(key, 1), row) }), "WRONG source t: "},
		"a row is cut":            {rows(func(w *storage.Derived, key, row []byte) { w.PutRow(1, key, row[:len(row)-1]) }), "WRONG source t: "},
		"an entity's log is lost": {roots(func(w *storage.Derived, k storage.EntityKey, _ [][]byte) { w.DeleteRoot(k) }), "WRONG feature g: feature \"g\" is wrong at "},
		"a log is another's":      {roots(func(w *storage.Derived, k storage.EntityKey, all [][]byte) { w.PutRoot(k, all[0]) }), "WRONG feature g: "},
		"a log is cut":            {roots(func(w *storage.Derived, k storage.EntityKey, all [][]byte) { w.PutRoot(k, all[len(all)-1][:3]) }), "WRONG feature g: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDerived(t, 1)
			if said := d.findings(t); strings.Contains(said, "WRONG") || strings.Count(said, "ok ") != 4 {
				t.Fatalf("before anything was done: %s", said)
			}
			d.damage(t, c.damage)
			if said := d.findings(t); !strings.Contains(said, c.found) || !strings.Contains(said, "; asof rebuild\n") {
				t.Errorf("found: %s", said)
			}
			d.rebuild(t)
			if said := d.findings(t); strings.Contains(said, "WRONG") {
				t.Errorf("after the rebuild: %s", said)
			}
			d.same(t)
			d.w.transactions(t, 20)
			control := *d
			control.Dir = filepath.Join(t.TempDir(), "control")
			control.with(t, func(e *engine.Engine) {
				mustExec(t, e, d.create()+"; CREATE FEATURE g ENTITY n (n) AS SELECT n, MAX(id) AS newest, COUNT(DISTINCT who) AS whos FROM t GROUP BY n")
				d.await(t, e)
				d.answers = d.ask(t, e)
			})
			d.with(t, func(e *engine.Engine) { d.await(t, e) })
			d.same(t)
		})
	}
}

// A rebuild that ends at any step leaves a directory that nobody can open by mistake, and that another rebuild makes whole.
func TestKillsBetweenTheStepsOfARebuild(t *testing.T) {
	d := newDerived(t, 2)
	for _, step := range engine.RebuildSteps() {
		d.Step, d.Times = step, 1
		killAtStep(t, d.stepOrders, engine.NoTime)
		var said *types.Error
		if e, err := d.open(); !errors.As(err, &said) || said.Code != types.CodeNotReady || said.Hint != "asof rebuild --data-dir "+d.Dir {
			t.Errorf("killed when it had %s: %v", step, err)
			if err == nil {
				_ = e.Close()
			}
		}
		if got := d.findings(t); !strings.HasPrefix(got, "WRONG the data directory: the derived state of ") {
			t.Errorf("killed when it had %s: %s", step, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Rebuild(ctx, d.Dir, d.options()); err == nil || !strings.Contains(err.Error(), "the rebuild was interrupted") {
		t.Errorf("interrupted: %v", err)
	}
	d.rebuild(t)
	d.same(t)
}

// What cannot be opened is explained, and what is no data directory is left as it is.
func TestDoctorWithoutAPatient(t *testing.T) {
	o := engine.Options{Connectors: connectors.Default()}
	examine := func(dir string) (all []engine.Finding, err error) {
		err = engine.Examine(t.Context(), dir, o, 0, func(f engine.Finding) { all = append(all, f) })
		return all, err
	}
	missing := filepath.Join(t.TempDir(), "missing")
	for dir, want := range map[string]string{missing: "there is no data directory " + missing, t.TempDir(): "is empty"} {
		if _, err := examine(dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
		if _, err := engine.Rebuild(t.Context(), dir, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", dir, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) > 0 {
			t.Errorf("something was made in %s", dir)
		}
	}
	d := newDerived(t, 4)
	d.with(t, func(e *engine.Engine) {
		if _, err := examine(d.Dir); err == nil || !strings.Contains(err.Error(), "is in use by") {
			t.Errorf("in use: %v", err)
		}
		mustExec(t, e, "CREATE SECRET pw AS 'hidden'; BACKUP TO '"+d.Dir+"-kept'")
	})
	if _, err := examine(d.Dir + "-kept"); err == nil || !strings.Contains(err.Error(), "is a backup") {
		t.Errorf("a backup: %v", err)
	}
	if err := os.Remove(filepath.Join(d.Dir, "SECRET_KEY")); err != nil {
		t.Fatal(err)
	}
	if said := d.findings(t); !strings.Contains(said, "WRONG secret pw: the key of the secrets, ") {
		t.Errorf("without the key: %s", said)
	}
	if err := os.WriteFile(filepath.Join(d.Dir, "FORMAT"), []byte("asof storage 99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := d.findings(t); !strings.Contains(said, `has format "asof storage 99"`) || !strings.Contains(said, "use the asof that wrote it") {
		t.Errorf("a newer format: %s", said)
	}
}
