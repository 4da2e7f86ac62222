package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2" // registers the driver

	"github.com/asofdb/asof/bench/training"
)

// openDuck opens a database in memory, which may put into a file what does not fit.
func openDuck(folder string) *sql.DB {
	db, err := sql.Open("duckdb", "")
	check(err)
	_, err = db.Exec(fmt.Sprintf("SET temp_directory = '%s'; SET memory_limit = '8GB'; SET preserve_insertion_order = false", filepath.Join(folder, "duckdb-temp")))
	check(err)
	return db
}

// versions are the row versions that the changes make: row id of customer k is visible from c on, until d. Times are in microseconds.
const versions = `CREATE OR REPLACE TABLE versions AS SELECT k, amount, e, c, d FROM (
	SELECT after.customer_id AS k, after.amount AS amount, epoch_us(after.created_at) AS e, source.ts_us AS c,
		COALESCE(LEAD(source.ts_us) OVER (PARTITION BY COALESCE(after.order_id, before.order_id) ORDER BY source.ts_us), 4000000000000000) AS d
	FROM read_ndjson('%s', columns = {
		before: 'STRUCT(order_id BIGINT)',
		after: 'STRUCT(order_id BIGINT, customer_id VARCHAR, amount DECIMAL(12,2), created_at TIMESTAMP)',
		source: 'STRUCT(ts_us BIGINT)'})
) WHERE k IS NOT NULL`

// span is one of the feature's windows.
type span struct {
	end    string // of its columns' names
	length string // in microseconds, as DuckDB reckons it
}

func spans() []span {
	var all []span
	for _, w := range training.Windows {
		all = append(all, span{strings.ReplaceAll(w, " ", ""), fmt.Sprintf("epoch_us(INTERVAL '%s')", w)})
	}
	return all
}

// values lists, for each window and aggregate, what expression makes of them, under the columns' names.
func values(expression func(letter string, w span) string) string {
	var list []string
	for _, w := range spans() {
		for _, a := range training.Aggregates {
			if x := expression(a.Letter, w); x != "" {
				list = append(list, x+" AS "+a.Letter+w.end)
			}
		}
	}
	return strings.Join(list, ", ")
}

func into(table, query string) string { return "CREATE OR REPLACE TABLE " + table + " AS " + query }

// lateral is the definition: of the versions that are visible at the label's moment, those within each window. A customer without any has no row.
func lateral(spine string) string {
	calls := map[string]string{"c": "CASE WHEN COUNT(*) > 0 THEN COUNT(*) FILTER (WHERE %s) END", "s": "SUM(v.amount) FILTER (WHERE %s)", "a": "AVG(v.amount) FILTER (WHERE %s)", "m": "MAX(v.amount) FILTER (WHERE %s)"}
	list := values(func(letter string, w span) string { return fmt.Sprintf(calls[letter], "v.e > l.t - "+w.length) })
	return fmt.Sprintf(`SELECT l.label, l.customer, x.* FROM (SELECT label, customer, epoch_us(ts) AS t FROM '%s') l
		LEFT JOIN LATERAL (SELECT %s FROM versions v WHERE v.k = l.customer AND v.c <= l.t AND v.d > l.t) x ON TRUE`, spine, list)
}

// history are counts and sums after each of their changes: a version counts in a window from c on, until it ends or falls out of the window. All of it is
// built beforehand, which no MAX can be.
func history() string {
	var changes, sums []string
	none := ""
	for _, w := range spans() {
		columns := func(sign string) string {
			list := "0 AS n"
			for _, x := range spans() {
				n, amount := "0", "0"
				if x == w {
					n, amount = sign+"1", sign+"amount"
				}
				list += fmt.Sprintf(", %s AS n%s, %s AS s%[2]s", n, x.end, amount)
			}
			return list
		}
		end := "LEAST(d, e + " + w.length + ")"
		changes = append(changes, fmt.Sprintf("SELECT k, c AS t, %s FROM versions WHERE c < %s", columns(""), end),
			fmt.Sprintf("SELECT k, %s AS t, %s FROM versions WHERE c < %[1]s", end, columns("-")))
		for _, column := range []string{"n" + w.end, "s" + w.end} {
			sums = append(sums, fmt.Sprintf("SUM(SUM(%s)) OVER w AS %[1]s", column))
		}
		none += ", 0 AS n" + w.end + ", 0 AS s" + w.end
	}
	changes = append(changes, "SELECT k, c AS t, 1 AS n"+none+" FROM versions", "SELECT k, d AS t, -1 AS n"+none+" FROM versions")
	return into("history", fmt.Sprintf("SELECT k, t, SUM(SUM(n)) OVER w AS n, %s FROM (%s) GROUP BY k, t WINDOW w AS (PARTITION BY k ORDER BY t)",
		strings.Join(sums, ", "), strings.Join(changes, " UNION ALL ")))
}

// joined joins each label with the newest row of the history that is not after it.
func joined(spine string) string {
	list := values(func(letter string, w span) string {
		switch letter {
		case "c":
			return "CASE WHEN h.n > 0 THEN CAST(h.n" + w.end + " AS BIGINT) END"
		case "s":
			return "CASE WHEN h.n" + w.end + " > 0 THEN h.s" + w.end + " END"
		case "a":
			return "CASE WHEN h.n" + w.end + " > 0 THEN CAST(h.s" + w.end + " AS DOUBLE) / h.n" + w.end + " END"
		}
		return ""
	})
	return fmt.Sprintf("SELECT l.label, l.customer, %s FROM (SELECT label, customer, epoch_us(ts) AS t FROM '%s') l ASOF LEFT JOIN history h ON h.k = l.customer AND h.t <= l.t", list, spine)
}
