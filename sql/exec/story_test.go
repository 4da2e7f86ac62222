package exec

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/asofdb/asof/sql/types"
)

// TestStories runs testdata: `table` declares one, `rows name` fills it with CSV, `sql` prints header and rows, or the error.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		db := newDatabase()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "table":
				if err := db.create(d.Input); err != nil {
					d.Fatalf(t, "%v", err)
				}
				return ""
			case "rows":
				if err := db.load(d.CmdArgs[0].Key, d.Input); err != nil {
					d.Fatalf(t, "%v", err)
				}
				return ""
			}
			return runStory(t, db, d)
		})
	})
}

// runStory runs a statement. Lines "-- $1 type text" before it are its parameters.
func runStory(t *testing.T, db *database, d *datadriven.TestData) string {
	db.opened, db.params = nil, nil
	for line := range strings.Lines(d.Input) {
		rest, ok := strings.CutPrefix(line, "-- $")
		if !ok {
			break
		}
		fields := strings.Fields(rest)
		pt, err := types.ParseType(fields[1])
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		v, err := types.Parse(pt, fields[2])
		if err != nil {
			d.Fatalf(t, "%v", err)
		}
		db.params = append(db.params, v)
	}
	q, rows, err := db.query(context.Background(), d.Input)
	if err != nil {
		var e *types.Error
		if !errors.As(err, &e) {
			return "not a user's error: " + err.Error() + "\n"
		}
		return strings.TrimSpace(fmt.Sprintf("ERROR %s: %s\n%s", e.Code, e.Message, e.Hint)) + "\n"
	}
	var b strings.Builder
	names := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		names[i] = c.Name
	}
	b.WriteString(strings.Join(names, " | ") + "\n")
	for _, r := range rows {
		b.WriteString(strings.Join(r, " | ") + "\n")
	}
	if len(db.opened) > 0 && db.opened[0] != "all" {
		b.WriteString("(read by " + strings.Join(db.opened, ", ") + ")\n")
	}
	return b.String()
}
