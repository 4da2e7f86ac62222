package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// What a reader saw at the end of its input is true of the moment at which it looked, however long its thread was kept from saying so: a transaction whose rest was written
// in that time had no silence in it.
func TestTheEndIsOfTheMomentItWasLookedAt(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.ndjson")
	synctest.Test(t, func(t *testing.T) {
		var w recordWriter
		tx, err := w.lines("11:59:50 c {\"id\":1}\n11:59:50 c {\"id\":2}")
		if err != nil {
			t.Fatal(err)
		}
		if err := writeLines(path, os.O_TRUNC, tx[0]); err != nil {
			t.Fatal(err)
		}
		late := func() {
			if err := writeLines(path, os.O_APPEND, tx[1]); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Minute)
		}
		c := connectors.Default()
		file := c.Sources["file"]
		open := file.Open
		file.Open = func(ctx context.Context, with map[string]string, from engine.Positions) (engine.Reader, error) {
			r, err := open(ctx, with, from)
			return &keptReader{Reader: r, then: late}, err
		}
		c.Sources["file"] = file
		noon := time.Until(storyNoon)
		e, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: c, Clock: func() time.Time { return time.Now().Add(noon) }})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		mustExec(t, e, "CREATE SOURCE t (id BIGINT PRIMARY KEY) WITH (connector = 'file', path = '"+path+"', follow = 'true') FORMAT DEBEZIUM ENCODE JSON")
		time.Sleep(2 * time.Minute)
		if got, err := ask(t.Context(), e, "SELECT COUNT(*) FROM t AS OF '2025-05-20 11:59:50+00'"); got != "2,\n" {
			t.Errorf("at its commit the transaction has the rows %q, %v", got, err)
		}
	})
}

// keptReader is kept from returning the second time that it finds nothing.
type keptReader struct {
	engine.Reader
	empty int
	then  func()
}

func (r *keptReader) Read(ctx context.Context, limit int) (engine.Poll, error) {
	p, err := r.Reader.Read(ctx, limit)
	if p.AtEnd && len(p.Records) == 0 {
		if r.empty++; r.empty == 2 {
			r.then()
		}
	}
	return p, err
}
