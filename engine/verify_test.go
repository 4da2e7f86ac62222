package engine_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

const verifyRows = `{"op":"c","source":{"ts_ms":1000},"before":null,"after":{"id":1,"k":"a","n":10}}
{"op":"c","source":{"ts_ms":2000},"before":null,"after":{"id":2,"k":"b","n":20}}
{"op":"c","source":{"ts_ms":3000},"before":null,"after":{"id":3,"k":"b","n":30}}
`

// VERIFY FEATURE finds an entity whose log is another one's, and says which it is; and the same definition built anew is right.
func TestVerifyFindsWrongLogs(t *testing.T) {
	dir := t.TempDir()
	data, path := filepath.Join(dir, "data"), filepath.Join(dir, "rows.ndjson")
	if err := os.WriteFile(path, []byte(verifyRows), 0o600); err != nil {
		t.Fatal(err)
	}
	o := engine.Options{Connectors: connectors.Default()}
	open := func() *engine.Engine {
		t.Helper()
		e, err := engine.Open(data, o)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	feature := "CREATE OR REPLACE FEATURE f ENTITY k (k) AS SELECT k, SUM(n) AS s, COUNT(*) AS c FROM t GROUP BY k"
	if err := e.Exec(t.Context(), `CREATE SOURCE t (id BIGINT PRIMARY KEY, k TEXT, n INTEGER) WITH (connector = 'file', path = '`+path+`') FORMAT DEBEZIUM ENCODE JSON; `+feature+`; VERIFY FEATURE f`); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	swapRoots(t, data)
	e = open()
	defer func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}()
	err := e.Exec(t.Context(), "VERIFY FEATURE f")
	var te *types.Error
	if !errors.As(err, &te) || te.Code != types.CodeCorrupted || !strings.Contains(te.Message, `feature "f" is wrong at`) || !strings.HasPrefix(te.Detail, "entity: k = '") || !strings.Contains(te.Hint, "anew") {
		t.Fatalf("%v (%+v)", err, te)
	}
	if err := e.Exec(t.Context(), "DROP FEATURE f; "+feature+"; VERIFY FEATURE f"); err != nil {
		t.Errorf("built anew: %v", err)
	}
}

// swapRoots gives the two entities of the only generation each other's logs.
func swapRoots(t *testing.T, data string) {
	t.Helper()
	db, err := storage.Open(data, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var keys []storage.EntityKey
	var roots [][]byte
	v := db.View()
	var g struct {
		ID     uint32
		Entity uint16
	}
	if err := v.ScanMeta("catalog/generation/", func(_ string, value []byte) error { return json.Unmarshal(value, &g) }); err != nil {
		t.Fatal(err)
	}
	err = v.ScanRoots(g.Entity, g.ID, func(k []byte, slot uint16, root []byte) error {
		keys = append(keys, storage.EntityKey{Slot: slot, Type: g.Entity, Key: append([]byte{}, k...), Group: g.ID})
		roots = append(roots, append([]byte{}, root...))
		return nil
	})
	v.Close()
	if err != nil || len(keys) != 2 {
		t.Fatalf("%d roots, %v", len(keys), err)
	}
	d := db.NewDerived()
	d.PutRoot(keys[0], roots[1])
	d.PutRoot(keys[1], roots[0])
	if err := errors.Join(d.Flush(), db.Close()); err != nil {
		t.Fatal(err)
	}
}
