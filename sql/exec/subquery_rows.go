package exec

import (
	"errors"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// subqueryRows are the rows that an operand is compared with: IN, ANY, ALL, and the one row that a row is compared with.
type subqueryRows struct {
	none bool // there are no rows at all
	// set holds the keys of the rows without NULLs where equality settles the answer; nil where it does not.
	set map[string]struct{}
	// rows are the rows to look at one by one; where there is a set, whole are those in it and rows the others.
	rows, whole [][]types.Value
	file        *rowFile // what does not fit into memory
	mem         account
	key         []byte
}

// load runs the query and keeps its rows.
func (s *subplan) load(q *expr.Subquery, outer []types.Value) (rows *subqueryRows, err error) {
	wanted := int64(0)
	if q.Form == expr.OneRow {
		wanted = 2
	}
	op, err := s.open(outer, wanted)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	rows = &subqueryRows{none: true, mem: newAccount("a subquery", s.c)}
	if byEquality(q) {
		rows.set = map[string]struct{}{}
	}
	err = eachRow(s.c.state.ctx, op, len(q.Right), func(row []types.Value) error {
		if q.Form == expr.OneRow && !rows.none {
			return tooManyRows()
		}
		return rows.add(row, q, s.c)
	})
	if err == nil && rows.file != nil {
		err = rows.file.finish()
	}
	return rows, err
}

// byEquality reports whether a row that is equal decides: = ANY and <> ALL over types whose equality is that of their keys.
func byEquality(q *expr.Subquery) bool {
	if !(q.Form == expr.Any && q.Op == "=" || q.Form == expr.All && q.Op == "<>") {
		return false
	}
	for i, x := range q.Left {
		if !expr.Hashable(x.Type(), q.Right[i]) {
			return false
		}
	}
	return true
}

func (r *subqueryRows) add(row []types.Value, q *expr.Subquery, c *Context) error {
	r.none = false
	size := sliceHeader + rowSize(row)
	hashed := r.set != nil && !anyNull(row)
	if hashed {
		r.key = appendKeys(r.key[:0], row)
		if _, ok := r.set[string(r.key)]; ok {
			return nil
		}
		size += mapEntry + int64(len(r.key))
	}
	if r.file == nil {
		full, err := r.mem.full(size)
		if err != nil {
			return err
		}
		if !full {
			r.keep(cloneRow(row), hashed)
			return nil
		}
		if r.file, err = newRowFile(&c.state.temp, q.Right, c.limit()); err != nil {
			return err
		}
	}
	return r.file.append(row)
}

// keep keeps a row in memory. Of rows of one column those in the set need no other place: a NULL compared with them is NULL.
func (r *subqueryRows) keep(row []types.Value, hashed bool) {
	switch {
	case !hashed:
		r.rows = append(r.rows, row)
		return
	case len(row) > 1:
		r.whole = append(r.whole, row)
	}
	r.set[string(r.key)] = struct{}{}
}

func anyNull(row []types.Value) bool {
	for _, v := range row {
		if v.IsNull() {
			return true
		}
	}
	return false
}

// test compares left with the rows as the query's form says.
func (r *subqueryRows) test(q *expr.Subquery, left []types.Value, env *expr.Env) (types.Value, error) {
	c := comparison{q: q, left: left, env: env, result: types.NewBool(q.Form == expr.All)}
	switch {
	case r.none && q.Form == expr.OneRow:
		return types.Value{}, nil
	case r.none:
		return c.result, nil
	}
	if r.set != nil {
		switch null := anyNull(left); {
		case null && len(left) == 1:
			return types.Value{}, nil
		case null:
			if c.rows(r.whole) {
				return c.result, nil
			}
		default:
			r.key = appendKeys(r.key[:0], left)
			if _, ok := r.set[string(r.key)]; ok {
				return types.NewBool(q.Form == expr.Any), nil
			}
		}
	}
	if c.rows(r.rows) || r.file == nil {
		return c.result, nil
	}
	return c.result, c.file(r.file, len(q.Right))
}

// comparison is the comparison of an operand with rows, one after the other.
type comparison struct {
	q      *expr.Subquery
	left   []types.Value
	env    *expr.Env
	result types.Value // of the rows so far
}

// row compares with one row and reports whether that settles the whole.
func (c *comparison) row(row []types.Value) bool {
	v := c.q.Test(c.left, row, c.env.Zone)
	switch {
	case c.q.Form == expr.OneRow, !v.IsNull() && (v.I != 0) == (c.q.Form == expr.Any):
		c.result = v
		return true
	case v.IsNull():
		c.result = v
	}
	return false
}

func (c *comparison) rows(rows [][]types.Value) bool {
	for _, row := range rows {
		if c.row(row) {
			return true
		}
	}
	return false
}

func (c *comparison) file(r *rowFile, width int) error {
	reader := r.open()
	row := make([]types.Value, width)
	for {
		ok, err := reader.next(row)
		if !ok || err != nil || c.row(row) {
			return err
		}
	}
}
