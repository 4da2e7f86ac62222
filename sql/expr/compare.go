package expr

import (
	"cmp"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// comparison is how a Compare compares, chosen once from the operands' types.
type comparison struct {
	by   byte  // one of the by… constants
	hits uint8 // which outcomes make it TRUE: bit 0 less, bit 1 equal, bit 2 greater
}

const (
	byValue   = iota // types.Compare
	byInt            // both values are in I, of one unit: integers, booleans, one temporal type
	byString         // both in S, bytes decide: text, uuid, bytea
	byNumeric        // numerics, mostly of one scale
	byInstant        // a zoneless moment against a TIMESTAMPTZ: the session's zone decides
)

var hitsOf = map[string]uint8{"<": 1, "=": 2, "<=": 3, ">": 4, "<>": 5, ">=": 6}

func comparisonFor(op string, l, r types.Kind) comparison {
	return comparison{by: comparedBy(l, r), hits: hitsOf[op]}
}

func comparedBy(l, r types.Kind) byte {
	switch {
	case isInt(l) && isInt(r):
		return byInt
	case isText(l) && isText(r):
		return byString
	case l != r:
		if zoneless(l) && r == types.Timestamptz || zoneless(r) && l == types.Timestamptz {
			return byInstant
		}
		return byValue
	}
	switch l {
	case types.Bool, types.Date, types.Time, types.Timestamp, types.Timestamptz:
		return byInt
	case types.UUID, types.Bytea:
		return byString
	case types.Numeric:
		return byNumeric
	}
	return byValue
}

func isText(k types.Kind) bool { return k == types.Text || k == types.Varchar }

func zoneless(k types.Kind) bool { return k == types.Date || k == types.Timestamp }

// compare orders two values that are not NULL.
func compare(by byte, l, r *types.Value, zone *time.Location) int {
	switch by {
	case byInt:
		return cmp.Compare(l.I, r.I)
	case byString:
		return strings.Compare(l.S, r.S)
	case byNumeric:
		if l.X == nil && r.X == nil && l.Scale == r.Scale && l.Scale >= 0 {
			return cmp.Compare(l.I, r.I)
		}
	case byInstant:
		if zone != nil && zone != time.UTC {
			return types.Compare(instant(*l, zone), instant(*r, zone))
		}
	}
	return types.Compare(*l, *r)
}

// instant is the moment a date or timestamp is in zone; one too far away for a timestamp compares as it is.
func instant(v types.Value, zone *time.Location) types.Value {
	t, err := types.CastIn(v, timestamptz, zone)
	if err != nil {
		return v
	}
	return t
}

// NewCompare returns l op r for operands between which op is defined as they are; see Bind for any others.
func NewCompare(op string, l, r Expr) Expr {
	return fold(&Compare{Op: op, L: l, R: r, how: comparisonFor(op, l.Type().Kind, r.Type().Kind)})
}

func (*Compare) Type() types.Type { return boolean }

func (c *Compare) Eval(env *Env) (types.Value, error) { return evalTruth(c, env) }

func (c *Compare) String() string { return infix(c.L, c.Op, c.R) }

func (c *Compare) truth(env *Env) (truth, error) {
	how := c.how
	if how.hits == 0 { // built as a literal
		how = comparisonFor(c.Op, c.L.Type().Kind, c.R.Type().Kind)
	}
	var lv, rv types.Value
	l, err := operand(c.L, env, &lv)
	if err != nil {
		return unknown, err
	}
	r, err := operand(c.R, env, &rv)
	if err != nil {
		return unknown, err
	}
	if l.Kind == types.Null || r.Kind == types.Null {
		return unknown, nil
	}
	return truth(how.hits >> (compare(how.by, l, r, env.Zone) + 1) & 1), nil
}

// Distinct is l IS [NOT] DISTINCT FROM r: comparison in which two NULLs are equal.
type Distinct struct {
	L, R Expr
	Not  bool
	by   byte
}

func newDistinct(l, r Expr, not bool) Expr {
	return fold(&Distinct{L: l, R: r, Not: not, by: comparedBy(l.Type().Kind, r.Type().Kind)})
}

func (*Distinct) Type() types.Type { return boolean }

func (d *Distinct) Eval(env *Env) (types.Value, error) { return evalTruth(d, env) }

func (d *Distinct) String() string {
	if d.Not {
		return infix(d.L, "IS NOT DISTINCT FROM", d.R)
	}
	return infix(d.L, "IS DISTINCT FROM", d.R)
}

func (d *Distinct) truth(env *Env) (truth, error) {
	var lv, rv types.Value
	l, err := operand(d.L, env, &lv)
	if err != nil {
		return unknown, err
	}
	r, err := operand(d.R, env, &rv)
	if err != nil {
		return unknown, err
	}
	same := l.Kind == types.Null && r.Kind == types.Null
	if l.Kind != types.Null && r.Kind != types.Null {
		same = compare(d.by, l, r, env.Zone) == 0
	}
	return truthIf(same == d.Not), nil
}
