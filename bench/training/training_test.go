package training

import (
	"fmt"
	"strings"
	"testing"
)

// TestLabelsAgreeWithTheHistory: the training set is what the feature's history says, by whatever number of goroutines and in whatever chunks it is made.
func TestLabelsAgreeWithTheHistory(t *testing.T) {
	ctx := t.Context()
	s := Spec{Folder: t.TempDir(), Changes: 4_000, Customers: 1_000}
	if err := s.Prepare(ctx); err != nil {
		t.Fatal(err)
	}
	e, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, law := range []Law{Zipf, Uniform} {
		spine, err := s.Spine(ctx, law, 4_500)
		if err != nil {
			t.Fatal(err)
		}
		values := "h." + strings.Join(Columns(), ", h.")
		history := fmt.Sprintf(`SELECT l.label, l.customer, l.ts, %s, CASE WHEN h.%s IS NOT NULL THEN h.event_time END
			FROM '%s' l LEFT JOIN spend_history h ON h.customer_id = l.customer AND h.event_time <= l.ts AND (h.valid_to > l.ts OR h.valid_to IS NULL)`, values, Columns()[0], spine)
		// A history ends with the last change; later moments have values as well.
		const within = " WHERE l.ts < TIMESTAMPTZ '2025-06-09 23:45:00+00'"
		history += within
		labels := UpdatedLabels(spine) + within
		for _, limit := range []string{"64MB", "3MB"} {
			session := e.NewSession()
			if err := session.Exec(ctx, "SET memory_limit = '"+limit+"'"); err != nil {
				t.Fatal(err)
			}
			for what, query := range map[string]string{
				"labels that differ": fmt.Sprintf("SELECT COUNT(*) FROM (%s EXCEPT %s) d", labels, history),
				"labels":             fmt.Sprintf("SELECT COUNT(*) FROM (%s) d WHERE c30days IS NOT NULL", labels),
			} {
				rows, err := session.Query(ctx, query)
				if err != nil {
					t.Fatal(err)
				}
				if !rows.Next() {
					t.Fatal(rows.Err())
				}
				n := rows.Values()[0].I
				if what == "labels" && n < 1_000 || what != "labels" && n != 0 {
					t.Errorf("%s, %s: %d %s", law, limit, n, what)
				}
				if err := rows.Close(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
