package exec

import (
	"errors"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// subplan is a query in an expression with what it answered. Its answer depends on the outer values alone, so for each combination of them it runs
// once, as long as there is memory to remember the answers.
type subplan struct {
	plan *plan.Subplan
	c    *Context
	// scalars are the answers of queries without operands; rows are those whose rows operands are compared with. Both by the outer values.
	scalars map[string]types.Value
	rows    map[string]*subqueryRows
	mem     account
	key     []byte
}

// run evaluates a query that stands in an expression, for the row of env. It is expr.Env.Run.
func (s *state) run(q *expr.Subquery, env *expr.Env) (types.Value, error) {
	p := q.Query.(*plan.Subplan)
	sp := s.subplans[p]
	if sp == nil {
		sp = &subplan{plan: p, c: s.c, mem: newAccount("a subquery", s.c), scalars: map[string]types.Value{}, rows: map[string]*subqueryRows{}}
		s.subplans[p] = sp
	}
	return sp.eval(q, env)
}

func (s *subplan) eval(q *expr.Subquery, env *expr.Env) (types.Value, error) {
	outer, err := s.outer(q, env)
	if err != nil {
		return types.Value{}, err
	}
	if len(q.Left) == 0 {
		if v, ok := s.scalars[string(s.key)]; ok {
			return v, nil
		}
		id := string(s.key)
		answer := s.single
		if q.Form == expr.List {
			answer = s.list
		}
		v, err := answer(q, outer)
		if err != nil {
			return types.Value{}, err
		}
		s.remember(mapEntry + int64(len(id)) + valueSize + payload(&v))
		s.scalars[id] = v
		return v, nil
	}
	rows := s.rows[string(s.key)]
	if rows == nil {
		id := string(s.key)
		if rows, err = s.load(q, outer); err != nil {
			return types.Value{}, err
		}
		s.remember(mapEntry + int64(len(id)) + rows.mem.used)
		s.rows[id] = rows
	}
	left := make([]types.Value, len(q.Left))
	for i, x := range q.Left {
		if left[i], err = x.Eval(env); err != nil {
			return types.Value{}, err
		}
	}
	return rows.test(q, left, env)
}

// outer evaluates what the query reads of the queries around it and sets key to its bytes. Values that are equal and print differently differ.
func (s *subplan) outer(q *expr.Subquery, env *expr.Env) ([]types.Value, error) {
	var outer []types.Value
	key := s.key[:0]
	for _, u := range s.plan.Uses {
		v, err := q.Args[u].Eval(env) // may run this subplan's own parts, and so change s.key
		if err != nil {
			return nil, err
		}
		if outer == nil {
			outer = make([]types.Value, len(q.Args))
		}
		outer[u] = v
		key = types.AppendValue(key, q.Args[u].Type(), v)
	}
	s.key = key
	return outer, nil
}

// remember accounts for an answer; where there are too many, all are forgotten.
func (s *subplan) remember(n int64) {
	if s.mem.used += n; s.mem.used <= s.mem.limit/2 {
		return
	}
	for _, r := range s.rows {
		r.file.close()
	}
	clear(s.scalars)
	clear(s.rows)
	s.mem.used = n
}

// open builds the query's operators for outer values.
func (s *subplan) open(outer []types.Value, atMost int64) (Operator, error) {
	c := *s.c
	c.outer, c.local = outer, map[*plan.Spool]*store{}
	op, err := build(s.plan.Root, &c, atMost)
	if err != nil {
		return nil, err
	}
	return &subqueryRun{op, c.local}, nil
}

// subqueryRun is one run of a query with what it keeps for itself.
type subqueryRun struct {
	Operator
	local map[*plan.Spool]*store
}

func (r *subqueryRun) Close() error {
	err := r.Operator.Close()
	for _, s := range r.local {
		s.release()
		err = errors.Join(err, s.file.close())
	}
	clear(r.local)
	return err
}

// single runs a query for its one value, or for whether it has a row.
func (s *subplan) single(q *expr.Subquery, outer []types.Value) (v types.Value, err error) {
	wanted := int64(2)
	if q.Form == expr.Exists {
		wanted = 1
	}
	op, err := s.open(outer, wanted)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	b, err := pull(s.c.state.ctx, op)
	if err != nil {
		return v, err
	}
	if q.Form == expr.Exists {
		if b != nil {
			b.Release()
		}
		return types.NewBool(b != nil), nil
	}
	if b == nil {
		return v, nil
	}
	defer b.Release()
	if b.Rows() == 1 {
		v = b.Value(0, 0).Clone()
		more, err := pull(s.c.state.ctx, op)
		if more == nil || err != nil {
			return v, err
		}
		more.Release()
	}
	return v, tooManyRows()
}

// list runs a query for the array of its values.
func (s *subplan) list(_ *expr.Subquery, outer []types.Value) (v types.Value, err error) {
	op, err := s.open(outer, 0)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	elems := []types.Value{}
	mem := newAccount("an array", s.c)
	err = eachRow(s.c.state.ctx, op, 1, func(row []types.Value) error {
		if full, err := mem.full(valueSize + payload(&row[0])); full || err != nil {
			return errors.Join(err, types.Errorf("54000", "array size exceeds the maximum allowed"))
		}
		elems = append(elems, row[0].Clone())
		return nil
	})
	return types.NewArray(elems), err
}

func tooManyRows() error {
	return types.Errorf(types.CodeCardinality, "more than one row returned by a subquery used as an expression")
}
