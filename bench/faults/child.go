package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/asofdb/asof/bench/exact"
	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// child is the process that is killed.
type child struct {
	orders
	eng *engine.Engine
	out sync.Mutex // guards standard output
}

// runChild follows its orders until it is killed or asked to end.
func runChild() {
	c := &child{}
	if err := json.Unmarshal([]byte(os.Getenv(childVariable)), &c.orders); err != nil {
		panic(err)
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM)
	var err error
	if c.eng, err = open(c.Dir, c.Batch, c.Flush); err != nil {
		c.fail(err)
	}
	c.say(event{Is: "open"})
	go c.answer()
	go c.work()
	<-terminate
	if err := c.eng.Close(); err != nil {
		c.fail(err)
	}
	c.say(event{Is: "closed"})
	os.Exit(0)
}

// open opens a data directory as parents and children do.
func open(dir string, batch, flush int) (*engine.Engine, error) {
	return engine.Open(dir, engine.Options{Connectors: connectors.Default(), BatchChanges: batch, FlushChanges: flush, Owner: "bench/faults"})
}

// say writes an event. The frontier is read before the event is written and, for answers, after they were given.
func (c *child) say(e event) {
	e.Frontier = noFrontier
	if e.Is != "closed" && e.Is != "failed" {
		e.Frontier = frontierOf(c.eng)
	}
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	c.out.Lock()
	defer c.out.Unlock()
	os.Stdout.Write(append(b, '\n'))
}

func (c *child) fail(err error) {
	c.say(event{Is: "failed", What: err.Error()})
	os.Exit(1)
}

// frontierOf is what SHOW SOURCES says, noFrontier where there is none.
func frontierOf(eng *engine.Engine) int64 {
	if v := shown(eng)["frontier"]; !v.IsNull() {
		return v.I
	}
	return noFrontier
}

// shown is the row of SHOW SOURCES, by column; empty before the source is declared.
func shown(eng *engine.Engine) map[string]types.Value {
	m := map[string]types.Value{}
	rows, err := eng.Query(context.Background(), "SHOW SOURCES")
	if err != nil {
		return m // the engine is being closed
	}
	defer rows.Close()
	if rows.Next() {
		for i, col := range rows.Columns() {
			m[col.Name] = rows.Values()[i]
		}
	}
	return m
}

// createSource is the declaration of the followed table.
func createSource(input string, clock bool) string {
	if brokers, ok := strings.CutPrefix(input, brokerInput); ok {
		return fmt.Sprintf("CREATE SOURCE IF NOT EXISTS t (%s) WITH (connector = 'kafka', brokers = '%s', topic = '%s', idle_lag = '%d ms', decimal_handling_mode = 'string', on_bad_record = 'reject', close_after = '%d ms') FORMAT DEBEZIUM ENCODE JSON",
			random.ColumnList(), brokers, brokerTopic, idleLag.Milliseconds(), closeAfter.Milliseconds())
	}
	frontier := ""
	if clock {
		frontier = ", frontier = 'clock'"
	}
	return fmt.Sprintf("CREATE SOURCE IF NOT EXISTS t (%s) WITH (connector = 'file', path = '%s', follow = 'true', decimal_handling_mode = 'string', on_bad_record = 'reject', close_after = '%d ms'%s) FORMAT DEBEZIUM ENCODE JSON",
		random.ColumnList(), input, closeAfter.Milliseconds(), frontier)
}

// closeAfter is the silence that closes a transaction: longer than a write of the parent's takes on a busy machine.
const closeAfter = 250 * time.Millisecond

// work declares everything, then asks until the process ends.
func (c *child) work() {
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	if err := c.eng.Exec(context.Background(), createSource(c.Input, c.Clock)); err != nil {
		c.endedBy(err)
		return
	}
	questions := make(chan feature, len(c.Features))
	go c.ask(rng, questions)
	for _, f := range c.Features {
		c.say(event{Is: "creating", What: f.Name})
		if err := c.eng.Exec(context.Background(), f.Create); err != nil {
			c.endedBy(err)
			return
		}
		c.say(event{Is: "created", What: f.Name})
		questions <- f
	}
	for _, f := range c.Features {
		if f.Name != c.Replace {
			continue
		}
		c.say(event{Is: "replacing", What: f.Name})
		if err := c.eng.Exec(context.Background(), "DROP FEATURE "+f.Name+"; "+f.Create); err != nil {
			c.endedBy(err)
			return
		}
		c.say(event{Is: "created", What: f.Name})
	}
}

// endedBy reports an error, unless it only says that the process is about to end.
func (c *child) endedBy(err error) {
	if c.eng.Exec(context.Background(), "SHOW SOURCES") == nil {
		c.fail(err)
	}
}

// askEvery is the pause between two questions of the child's own.
const askEvery = 3 * time.Millisecond

// ask makes questions about the features that have been declared so far, and about the source.
func (c *child) ask(rng *rand.Rand, declared <-chan feature) {
	known := []feature{{Name: "t", Keys: []string{"id"}}}
	for ; ; time.Sleep(askEvery) {
		select {
		case f := <-declared:
			known = append(known, f)
		default:
		}
		if err := c.question(rng, known[rng.IntN(len(known))]); err != nil {
			c.endedBy(err)
		}
	}
}

// question asks for a relation at one moment: all of it, then one of its entities by key, now and then by Lookup.
func (c *child) question(rng *rand.Rand, f feature) error {
	s := shown(c.eng)
	frontier, history := s["frontier"], s["history_from"]
	if frontier.IsNull() || history.IsNull() || frontier.I < history.I {
		return nil
	}
	from := history.I
	if c.Clock {
		from = max(from, frontier.I-int64(10*time.Second/time.Microsecond))
	}
	t := from + rng.Int64N(frontier.I-from+1)
	switch rng.IntN(4) {
	case 0:
		t = frontier.I
	case 1:
		t = max(history.I, frontier.I-rng.Int64N(1000))
	}
	all := question(f.Name, "", t)
	rows, err := c.query(all)
	if err != nil {
		return err
	}
	c.say(event{Is: "answer", What: all, Answer: answerText(texts(rows))})
	if len(rows) == 0 || len(f.Keys) == 0 {
		return nil
	}
	key := rows[rng.IntN(len(rows))][:len(f.Keys)]
	for _, v := range key {
		if v.IsNull() {
			return nil
		}
	}
	if f.Name != "t" && rng.IntN(2) == 0 {
		return c.lookup(f, key)
	}
	one := question(f.Name, where(f.Keys, key), t)
	if rows, err = c.query(one); err == nil {
		c.say(event{Is: "answer", What: one, Answer: answerText(texts(rows))})
	}
	return err
}

// lookup asks for an entity as of the frontier. If that stood still meanwhile, the answer is the one to a question about that moment.
func (c *child) lookup(f feature, key []types.Value) error {
	args := make([]any, len(key))
	for i := range key {
		args[i] = key[i]
	}
	before := frontierOf(c.eng)
	row, err := c.eng.Lookup(context.Background(), f.Name, args...)
	if err != nil || frontierOf(c.eng) != before {
		return c.forgive(err)
	}
	var rows [][]string
	if row != nil {
		rows = [][]string{exact.Texts(row)}
	}
	c.say(event{Is: "answer", What: question(f.Name, where(f.Keys, key), before), Answer: answerText(rows)})
	return nil
}

// forgive lets pass that a feature is being replaced.
func (c *child) forgive(err error) error {
	var te *types.Error
	if errors.As(err, &te) && te.Code == types.CodeUndefinedTable && c.Replace != "" {
		return nil
	}
	return err
}

// question is the query for a relation's rows at a moment, those that condition selects.
func question(relation, condition string, t int64) string {
	columns := "*"
	if relation == "t" {
		columns = strings.Join(sourceColumns(), ", ")
	}
	return fmt.Sprintf("SELECT %s FROM %s%s AS OF '%s'", columns, relation, condition, types.NewTimestamptz(t))
}

// sourceColumns are the source's columns but the event time, which the naive model has no text of.
func sourceColumns() []string {
	var names []string
	for _, c := range random.Columns {
		if c.Name != "created_at" {
			names = append(names, c.Name)
		}
	}
	return names
}

func where(columns []string, key []types.Value) string {
	var conditions []string
	for i, v := range key {
		conditions = append(conditions, fmt.Sprintf("%s = '%s'", columns[i], strings.ReplaceAll(string(types.AppendText(nil, v)), "'", "''")))
	}
	return " WHERE " + strings.Join(conditions, " AND ")
}

func texts(rows [][]types.Value) [][]string {
	out := make([][]string, len(rows))
	for i, r := range rows {
		out[i] = exact.Texts(r)
	}
	return out
}

// patience is how long a question waits for a feature that is being replaced.
const patience = time.Minute

// query returns a final answer. It asks again while the relation is being replaced, and waits for no frontier: all questions are about what could be read already.
func (c *child) query(sql string) (rows [][]types.Value, err error) {
	for began := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		rows, err = query(c.eng, sql)
		var te *types.Error
		replaced := errors.As(err, &te) && (te.Code == types.CodeUndefinedTable || strings.Contains(te.Message, "was replaced"))
		if !replaced || time.Since(began) > patience {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	return rows, nil
}

// query runs one statement, without waiting for a frontier.
func query(eng *engine.Engine, sql string) ([][]types.Value, error) {
	s := eng.NewSession()
	if err := s.Exec(context.Background(), "SET as_of_wait = 0"); err != nil {
		return nil, err
	}
	rows, err := s.Query(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out [][]types.Value
	for rows.Next() {
		row := make([]types.Value, len(rows.Values()))
		for i, v := range rows.Values() {
			row[i] = v.Clone()
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// answer answers what the parent asks, a query a line.
func (c *child) answer() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		rows, err := c.query(in.Text())
		if err != nil {
			c.endedBy(err)
			continue
		}
		c.say(event{Is: "answer", What: in.Text(), Answer: answerText(texts(rows)), Asked: true})
	}
}
