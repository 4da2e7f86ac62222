package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"path/filepath"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/training"
	"github.com/asofdb/asof/engine"
)

// comparison is both databases over the same files.
type comparison struct {
	ctx   context.Context
	spec  training.Spec
	asof  *engine.Engine
	duck  *sql.DB
	files string // a folder for answers and what both read
}

func openAsof(s training.Spec) *engine.Engine {
	e, err := s.Open()
	check(err)
	return e
}

func (c *comparison) path(name string) string { return filepath.Join(c.files, name) }

// ask runs a query in asof and leaves the answer in a Parquet file.
func (c *comparison) ask(query, name string) (path string, took time.Duration) {
	path = c.path(name)
	began := time.Now()
	check(c.asof.Exec(c.ctx, fmt.Sprintf("COPY (%s) TO '%s'", query, path)))
	return path, time.Since(began)
}

// run runs a statement in DuckDB.
func (c *comparison) run(statement string) time.Duration {
	began := time.Now()
	if _, err := c.duck.ExecContext(c.ctx, statement); err != nil {
		log.Fatalf("DuckDB: %v\n%s", err, statement)
	}
	return time.Since(began)
}

// prepare builds what DuckDB needs beforehand, and the file of orders that both read.
func (c *comparison) prepare() {
	fmt.Printf("DuckDB builds row versions from the changes in %.1f s, ", c.run(fmt.Sprintf(versions, c.spec.ChangesFile())).Seconds())
	fmt.Printf("and their history of counts and sums in %.1f s\n\n", c.run(history()).Seconds())
	c.ask("SELECT * FROM orders", "orders.parquet")
}

// labels compares the training set. The LATERAL join has a spine of its own, which is as long as it can bear.
func (c *comparison) labels(law training.Law, many, few int) {
	spine, err := c.spec.Spine(c.ctx, law, many)
	check(err)
	short, err := c.spec.Spine(c.ctx, law, few)
	check(err)
	answer, took := c.ask(training.Labels(spine), "labels.parquet")
	asof := rate{many, took}

	peer := rate{few, c.run(into("by_lateral", lateral(short)))}
	fewer, _ := c.ask(training.Labels(short), "few.parquet")
	c.equal(string(law)+" labels by LATERAL", "by_lateral", fewer)
	c.row(string(law)+" labels, twelve values, LATERAL over versions", asof, peer)

	peer = rate{many, c.run(into("by_asof", joined(spine)))}
	c.equal(string(law)+" labels by ASOF", "by_asof", answer)
	c.row(string(law)+" labels, the nine without MAX, ASOF over the history built beforehand", asof, peer)
}

func (c *comparison) row(what string, asof, peer rate) {
	fmt.Printf("| %s | %s | %s | %.2f |\n", what, asof, peer, asof.perSecond()/peer.perSecond())
}

// queries compares the shapes of TPC-H: asof over its source and over the file that DuckDB reads.
func (c *comparison) queries() {
	segments, err := c.spec.Segments(c.ctx)
	check(err)
	file := "'" + c.path("orders.parquet") + "'"
	for _, q := range training.Queries {
		_, source := c.ask(q.Over("orders", segments), "query.parquet")
		answer, took := c.ask(q.Over(file, segments), "query.parquet")
		peer := c.run(into("answer", q.Over(file, segments)))
		c.equal(q.Name, "answer", answer)
		fmt.Printf("| %s over the source, over the file | %.3f s, %.3f s | %.3f s | %.2f of its speed over the file |\n",
			q.Name, source.Seconds(), took.Seconds(), peer.Seconds(), peer.Seconds()/took.Seconds())
	}
}

// equal stops the program where DuckDB's table differs from asof's answer in a column that it has. Numbers and sums must be the same; averages, which
// DuckDB has as DOUBLE, to the sixth digit.
func (c *comparison) equal(what, table, answer string) {
	list := strings.Join(c.comparable(table), ", ")
	ours, theirs := fmt.Sprintf("SELECT %s FROM '%s'", list, answer), fmt.Sprintf("SELECT %s FROM %s", list, table)
	var all, differ int
	err := c.duck.QueryRowContext(c.ctx, fmt.Sprintf("SELECT (SELECT COUNT(*) FROM (%[1]s)), (SELECT COUNT(*) FROM ((%[1]s EXCEPT ALL %[2]s) UNION ALL (%[2]s EXCEPT ALL %[1]s)))", ours, theirs)).Scan(&all, &differ)
	check(err)
	if differ > 0 || all == 0 {
		log.Fatalf("%s: %d rows differ, of %d", what, differ, all)
	}
}

// comparable lists the columns of a table in forms that are equal where the values are.
func (c *comparison) comparable(table string) []string {
	rows, err := c.duck.QueryContext(c.ctx, "SELECT column_name, column_type FROM (DESCRIBE "+table+")")
	check(err)
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name, kind string
		check(rows.Scan(&name, &kind))
		switch {
		case kind == "DOUBLE":
			name = fmt.Sprintf("ROUND(CAST(%s AS DOUBLE) + 0.00000012345, 6)", name) // ends on no five, which either might round
		case strings.HasPrefix(kind, "DECIMAL"), strings.HasSuffix(kind, "INT"):
			name = fmt.Sprintf("CAST(%s AS DECIMAL(38, 6))", name)
		}
		list = append(list, name)
	}
	check(rows.Err())
	return list
}
