package exec

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Keys evaluates a scan's keys to distinct tuples of the key columns' types; all is set where the scan has none and reads all rows.
// NULL and what the column's type cannot hold exactly equal no key.
func Keys(s *plan.Scan, c *Context) (keys [][]types.Value, all bool, err error) {
	if s.Keys == nil && s.Any == nil {
		return nil, true, nil
	}
	l := lookup{scan: s}
	env := c.env(0)
	if s.Any != nil {
		v, err := s.Any.Eval(&env)
		if err != nil {
			return nil, false, err
		}
		for _, e := range v.Elems() {
			l.add(e)
		}
	}
	for _, tuple := range s.Keys {
		if err := l.eval(tuple, &env); err != nil {
			return nil, false, err
		}
	}
	return l.keys, false, nil
}

type lookup struct {
	scan *plan.Scan
	keys [][]types.Value
	seen map[string]bool // of AppendKey
	key  []byte
}

func (l *lookup) eval(tuple []expr.Expr, env *expr.Env) error {
	values := make([]types.Value, len(tuple))
	for i, x := range tuple {
		v, err := x.Eval(env)
		if err != nil {
			return err
		}
		values[i] = v
	}
	l.add(values...)
	return nil
}

// add adds a tuple unless it is there or no key can equal it.
func (l *lookup) add(values ...types.Value) {
	tuple := make([]types.Value, len(values))
	l.key = l.key[:0]
	for i, v := range values {
		exact, ok := exactly(v, l.scan.Relation.Columns[l.scan.Relation.Key[i]].Type)
		if !ok {
			return
		}
		tuple[i] = exact
		l.key = types.AppendKey(l.key, exact)
	}
	if l.seen[string(l.key)] {
		return
	}
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	l.seen[string(l.key)] = true
	l.keys = append(l.keys, tuple)
}

// exactly is v as a value of type t, if t has one that equals it.
func exactly(v types.Value, t types.Type) (types.Value, bool) {
	if v.IsNull() {
		return v, false
	}
	c, err := types.Coerce(v, t)
	if err != nil || types.Compare(c, v) != 0 {
		return v, false
	}
	return c, true
}
