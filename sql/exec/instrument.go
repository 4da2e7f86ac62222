package exec

import (
	"context"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Instrument counts what the nodes of a plan do. It belongs to one statement and one goroutine.
type Instrument struct{ nodes map[plan.Node]*Measure }

// Measure is what one node did. Time includes the nodes below it.
type Measure struct {
	Rows  int64
	Loops int64 // how often it was run: a node in a subquery runs for each combination of outer values
	Time  time.Duration
}

// NewInstrument returns an empty Instrument.
func NewInstrument() *Instrument { return &Instrument{map[plan.Node]*Measure{}} }

// Of returns what n did, nil where it never ran.
func (i *Instrument) Of(n plan.Node) *Measure { return i.nodes[n] }

// Note is what EXPLAIN ANALYZE prints behind a node.
func (i *Instrument) Note(n plan.Node) string {
	m := i.nodes[n]
	switch {
	case m == nil:
		return ""
	case m.Loops == 0:
		return " (never run)"
	case m.Loops == 1:
		return fmt.Sprintf(" (%d rows, %v)", m.Rows, m.Time.Round(time.Microsecond))
	}
	return fmt.Sprintf(" (%d rows, %v, %d runs)", m.Rows, m.Time.Round(time.Microsecond), m.Loops)
}

// measure wraps the operator of a node.
func (i *Instrument) measure(n plan.Node, op Operator) Operator {
	m := i.nodes[n]
	if m == nil {
		m = &Measure{}
		i.nodes[n] = m
	}
	return &measured{Operator: op, m: m}
}

type measured struct {
	Operator
	m     *Measure
	begun bool
}

func (o *measured) Next(ctx context.Context) (*types.Batch, error) {
	if !o.begun {
		o.begun = true
		o.m.Loops++
	}
	start := time.Now()
	b, err := o.Operator.Next(ctx)
	o.m.Time += time.Since(start)
	if b != nil {
		o.m.Rows += int64(b.Rows())
	}
	return b, err
}
