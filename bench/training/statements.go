package training

import (
	"fmt"
	"strings"
)

// Labels is the training set: every label with the twelve values as of its moment.
func Labels(spine string) string {
	return fmt.Sprintf("SELECT l.label, l.customer, l.ts, %s FROM '%s' l LEFT JOIN spend f AS OF l.ts ON f.customer_id = l.customer", "f."+strings.Join(Columns(), ", f."), spine)
}

// UpdatedLabels is the training set with the time since which each row holds.
func UpdatedLabels(spine string) string {
	return strings.Replace(Labels(spine), " FROM ", ", f.updated_at FROM ", 1)
}

// History is every row of the feature's history.
const History = "SELECT * FROM spend_history"

// Query is a shape of TPC-H over orders. Its text runs in asof and in DuckDB alike; %[1]s is orders, or a file of them, %[2]s the file of segments.
type Query struct{ Name, text string }

// Queries are the shapes that are run: Q1, one pass and few groups; Q3, a join, many groups and the largest of them; Q6, a sum over few rows.
var Queries = []Query{
	{"Q1", `SELECT status, COUNT(*) AS orders, SUM(amount) AS total, AVG(amount) AS mean, MIN(amount) AS least, MAX(amount) AS most FROM %[1]s o
		WHERE created_at <= TIMESTAMPTZ '2025-06-05 00:00:00+00' GROUP BY status ORDER BY status`},
	{"Q3", `SELECT o.customer_id, SUM(o.amount) AS revenue, MAX(o.created_at) AS newest FROM %[1]s o JOIN '%[2]s' s ON s.customer = o.customer_id
		WHERE s.segment = 'BUILDING' AND o.created_at < TIMESTAMPTZ '2025-05-20 00:00:00+00' AND o.status <> 'refunded'
		GROUP BY o.customer_id ORDER BY revenue DESC, o.customer_id LIMIT 10`},
	{"Q6", `SELECT SUM(amount) AS revenue, COUNT(*) AS orders FROM %[1]s o
		WHERE created_at >= TIMESTAMPTZ '2025-05-10 00:00:00+00' AND created_at < TIMESTAMPTZ '2025-05-20 00:00:00+00' AND amount BETWEEN 100 AND 200 AND status = 'paid'`},
}

// Over is the query over a table, which is a name or a quoted path.
func (q Query) Over(orders, segments string) string {
	if strings.Contains(q.text, "%[2]") {
		return fmt.Sprintf(q.text, orders, segments)
	}
	return fmt.Sprintf(q.text, orders)
}
