package engine_test

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Go values of every kind are parameters, alone and as lists.
func TestParameters(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	plainSource(t, e, dir, "t", "id BIGINT, small SMALLINT, who TEXT, price NUMERIC, score DOUBLE PRECISION, ok BOOLEAN, raw BYTEA, day DATE",
		`{"id":1,"small":1,"who":"a","price":"1.5","score":0.5,"ok":true,"raw":"\\x6161","day":"2025-05-20","at":"2025-05-20T10:00:00Z"}`,
		`{"id":2,"small":2,"who":"b","price":"2.5","score":"NaN","ok":false,"raw":"\\x6262","day":"2025-05-21","at":"2025-05-20T11:00:00Z"}`,
		`{"id":3,"small":3,"who":null,"price":null,"score":null,"ok":null,"raw":null,"day":null,"at":"2025-05-20T12:00:00Z"}`)
	mustExec(t, e, "CREATE FEATURE f AS SELECT who, SUM(id) AS total FROM t GROUP BY who")
	ten := time.Date(2025, 5, 20, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		sql  string
		args []any
		want string
	}{
		{"SELECT id FROM t WHERE who = $1", []any{"a"}, "1"},
		{"SELECT id FROM t WHERE who = ANY($1) ORDER BY id", []any{[]string{"a", "b", "x"}}, "1 2"},
		{"SELECT total FROM f WHERE who = ANY($1) ORDER BY who", []any{[]string{"b", "a"}}, "1 2"},
		{"SELECT total FROM f WHERE who = ANY($1)", []any{[]string{}}, ""},
		{"SELECT total FROM f WHERE who = ANY($1)", []any{nil}, ""},
		{"SELECT id FROM t WHERE id = ANY($1) ORDER BY id", []any{[]int{3, 1}}, "1 3"},
		{"SELECT id FROM t WHERE id = ANY($1) ORDER BY id", []any{[]any{int64(2), nil}}, "2"},
		{"SELECT id FROM t WHERE id = ANY($1) ORDER BY id", []any{"{2,3}"}, "2 3"},
		{"SELECT id FROM t WHERE small = $1", []any{int16(2)}, "2"},
		{"SELECT id FROM t WHERE small = $1", []any{int64(2)}, "2"},
		{"SELECT id FROM t WHERE id = $1", []any{"2"}, "2"},
		{"SELECT id FROM t WHERE price = $1", []any{"2.50"}, "2"},
		{"SELECT id FROM t WHERE score = $1", []any{math.NaN()}, "2"},
		{"SELECT id FROM t WHERE score < $1", []any{float32(0.75)}, "1"},
		{"SELECT id FROM t WHERE ok = $1", []any{true}, "1"},
		{"SELECT id FROM t WHERE raw = $1", []any{[]byte("bb")}, "2"},
		{"SELECT id FROM t WHERE at = $1", []any{ten}, "1"},
		{"SELECT id FROM t WHERE at = ANY($1)", []any{[]time.Time{ten, ten.Add(time.Hour)}}, "1 2"},
		{"SELECT id FROM t WHERE day = $1", []any{"2025-05-21"}, "2"},
		{"SELECT COUNT(*) FROM t AS OF $1", []any{ten.Add(time.Hour)}, "2"},
		{"SELECT COUNT(*) FROM t AS OF $1", []any{"2025-05-20 11:59+00"}, "2"},
		{"SELECT $1::int + $2", []any{"1", 2}, "3"},
	} {
		rows, err := e.Query(t.Context(), c.sql, c.args...)
		if err != nil {
			t.Errorf("%s %v: %v", c.sql, c.args, err)
			continue
		}
		var got []string
		for rows.Next() {
			got = append(got, rows.Values()[0].String())
		}
		if err := rows.Err(); err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s %v: %q instead of %q, %v", c.sql, c.args, got, c.want, err)
		}
		rows.Close()
	}
	for _, c := range []struct {
		sql  string
		args []any
		code string
	}{
		{"SELECT id FROM t WHERE who = $1", nil, types.CodeInvalidParameter},
		{"SELECT id FROM t WHERE id = $1", []any{"one"}, types.CodeInvalidText},
		{"SELECT id FROM t WHERE id = $1", []any{struct{}{}}, types.CodeInvalidParameter},
		{"SELECT id FROM t WHERE id = ANY($1)", []any{[]any{1, struct{}{}}}, types.CodeInvalidParameter},
		{"SELECT id FROM t AS OF $1", []any{"some day"}, types.CodeDatetimeFormat},
		{"SHOW SOURCES", []any{1}, types.CodeInvalidParameter},
	} {
		if _, err := e.Query(t.Context(), c.sql, c.args...); code(err) != c.code {
			t.Errorf("%s %v: %v", c.sql, c.args, err)
		}
	}
}

// Lookup takes the key in any Go type that fits it, and says what does not.
func TestLookupKeys(t *testing.T) {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	plainSource(t, e, dir, "t", "shop INTEGER, who TEXT, day DATE", `{"shop":1,"who":"a","day":"2025-05-20","at":"2025-05-20T10:00:00Z"}`, `{"shop":null,"who":"","day":null,"at":"2025-05-20T10:00:00Z"}`)
	mustExec(t, e, `CREATE FEATURE pair ENTITY pair (shop, who) AS SELECT shop, who, COUNT(*) AS n FROM t GROUP BY shop, who;
		CREATE FEATURE by_day ENTITY day (day) AS SELECT day, COUNT(*) AS n FROM t GROUP BY day;
		CREATE FEATURE everything AS SELECT COUNT(*) AS n FROM t`)
	for _, c := range []struct {
		feature string
		key     []any
		want    string
		code    string
	}{
		{"pair", []any{1, "a"}, "[1 a 1]", ""},
		{"pair", []any{int64(1), "a"}, "[1 a 1]", ""},
		{"pair", []any{int16(1), types.NewText("a")}, "[1 a 1]", ""},
		{"pair", []any{"1", "a"}, "[1 a 1]", ""},
		{"pair", []any{nil, ""}, "[NULL  1]", ""},
		{"pair", []any{2, "a"}, "[]", ""},
		{"pair", []any{1}, "", types.CodeInvalidParameter},
		{"pair", []any{1, "a", 2}, "", types.CodeInvalidParameter},
		{"pair", []any{"one", "a"}, "", types.CodeInvalidText},
		{"pair", []any{int64(1) << 40, "a"}, "", types.CodeOutOfRange},
		{"pair", []any{struct{}{}, "a"}, "", types.CodeInvalidParameter},
		{"by_day", []any{"2025-05-20"}, "[2025-05-20 1]", ""},
		{"everything", nil, "[2]", ""},
		{"nothing", nil, "", types.CodeUndefinedTable},
		{"t", nil, "", types.CodeWrongObjectType},
	} {
		row, err := e.Lookup(t.Context(), c.feature, c.key...)
		var texts []string
		for _, v := range row {
			texts = append(texts, v.String())
		}
		if got := "[" + strings.Join(texts, " ") + "]"; code(err) != c.code || err == nil && got != c.want {
			t.Errorf("%s %v: %s instead of %s, %v", c.feature, c.key, got, c.want, err)
		}
	}
}
