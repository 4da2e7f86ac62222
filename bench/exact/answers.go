package exact

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/asofdb/asof/bench/exact/naive"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Ask runs a query whose first columns are the entity's key, and returns the rest of each row by it, as the naive model writes both.
func Ask(eng *engine.Engine, d random.Definition, sql string) (map[string][]string, error) {
	rows, err := eng.Query(context.Background(), sql)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	defer rows.Close()
	out := map[string][]string{}
	for rows.Next() {
		texts := Texts(rows.Values())
		key := strings.Join(texts[:len(d.Keys)], ",")
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("%s: entity %q comes twice", sql, key)
		}
		out[key] = texts[len(d.Keys):]
	}
	return out, rows.Err()
}

// Texts are a row's values as text.
func Texts(row []types.Value) []string {
	texts := make([]string, len(row))
	for i, v := range row {
		if texts[i] = naive.Null; !v.IsNull() {
			texts[i] = string(types.AppendText(nil, v))
		}
	}
	return texts
}

// mismatch is an answer that differs from the model's.
type mismatch struct {
	d         random.Definition
	t         int64
	key       string
	got, want []string
	asked     string // the statement, where it is another than SELECT … AS OF
}

func (m *mismatch) Error() string {
	return fmt.Sprintf("%s AS OF %s, entity %q: got %q, want %q\n%s\n%s", m.d.Name, types.NewTimestamptz(m.t), m.key, m.got, m.want, m.asked, m.d.Create())
}

// Compare holds two results against each other and counts the values compared.
func Compare(d random.Definition, t int64, got, want map[string][]string) (int, error) {
	n := 0
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[key], want[key]) || got[key] == nil {
			return n, &mismatch{d, t, key, got[key], want[key], ""}
		}
		n += max(1, len(want[key]))
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if want[key] == nil {
			return n, &mismatch{d, t, key, got[key], nil, ""}
		}
	}
	return n, nil
}
