package exact

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
)

// online asks every feature for what it is now, at the frontier, which the caller has brought to t: of all entities and of some by SELECT, and of each by Lookup.
func (r *session) online(t int64) error {
	for _, d := range r.s.definitions {
		want := d.Value(r.truth.table, t)
		for _, ask := range []func(random.Definition, map[string][]string) (map[string][]string, map[string][]string, error){r.selectNow, r.lookups, r.someNow} {
			got, of, err := ask(d, want)
			if err == nil {
				err = r.compare("now", d, t, got, of)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *session) selectNow(d random.Definition, want map[string][]string) (got, of map[string][]string, err error) {
	got, err = Ask(r.eng, d, "SELECT * FROM "+d.Name)
	return got, want, err
}

// lookups asks for the entities there are and for one that nobody knows.
func (r *session) lookups(d random.Definition, want map[string][]string) (got, of map[string][]string, err error) {
	got = map[string][]string{}
	keys := slices.Collect(maps.Keys(want))
	if len(d.Keys) > 0 {
		keys = append(keys, strings.Join(slices.Repeat([]string{"-77"}, len(d.Keys)), ","))
	}
	for _, key := range keys {
		var args []any
		columns := d.KeysOf(key)
		for _, k := range d.Keys {
			args = append(args, keyValue(k, columns[k]))
		}
		row, err := r.eng.Lookup(r.ctx, d.Name, args...)
		if err != nil {
			return nil, nil, fmt.Errorf("look up %q in %s: %w", key, d.Name, err)
		}
		if row != nil {
			texts := Texts(row)
			got[strings.Join(texts[:len(d.Keys)], ",")] = texts[len(d.Keys):]
		}
	}
	return got, want, nil
}

// keyValue is a key column's value for Go.
func keyValue(column, text string) any {
	if text == naive.Null {
		return nil
	}
	if keyTypes[column] == "BIGINT" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			panic(err)
		}
		return n
	}
	return text
}

// someNow asks for two entities in one statement.
func (r *session) someNow(d random.Definition, want map[string][]string) (got, of map[string][]string, err error) {
	of = map[string][]string{}
	if len(d.Keys) != 1 {
		return nil, nil, nil
	}
	var list []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if key != naive.Null && len(list) < 2 {
			list, of[key] = append(list, "'"+strings.ReplaceAll(key, "'", "''")+"'"), want[key]
		}
	}
	if len(list) == 0 {
		return nil, nil, nil
	}
	got, err = Ask(r.eng, d, fmt.Sprintf("SELECT * FROM %s WHERE %s IN (%s)", d.Name, d.Keys[0], strings.Join(list, ", ")))
	return got, of, err
}
