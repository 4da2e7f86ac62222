package engine

import (
	"context"
	"slices"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Statement is one statement of a script: Text is what the user wrote, without the semicolon, and Offset the byte in the script at which it begins.
// Places of its errors count from the script's beginning.
type Statement struct {
	Text   string
	Offset int

	parsed syntax.Statement
}

// Split parses a script into its statements; blanks and comments alone are none. An error has its place in the script, and makes a transaction block fail; the statements
// before it are returned too.
func (s *Session) Split(script string) ([]Statement, error) {
	parsed, err := syntax.Parse(script)
	if err != nil {
		s.Fail()
	}
	statements := make([]Statement, len(parsed))
	for i, st := range parsed {
		at := st.Place()
		statements[i] = Statement{script[at.Pos:at.End], int(at.Pos), st}
	}
	return statements, err
}

// Run runs a statement that has no parameters, without Prepare's planning ahead; the caller closes the Rows.
func (s *Session) Run(ctx context.Context, st Statement) (*Rows, error) {
	return s.run(ctx, st.parsed, input{})
}

// input is what a statement is given: its parameters' values, and their types as far as they are known (Null: to be inferred).
type input struct {
	values []types.Value
	types  []types.Type
	point  *pointRead // that the statement is, nil where it is none
}

// takesParameters reports whether a statement has expressions of the user's that are computed when it runs.
func takesParameters(st syntax.Statement) bool {
	switch st := st.(type) {
	case *syntax.Query, *syntax.Outlined, *syntax.Explain, *syntax.ExplainValue, *syntax.Insert, *syntax.DeclareCursor, *syntax.Transaction, *syntax.SetTransaction:
		return true
	case *syntax.CreateTable:
		return st.Query != nil
	}
	return false
}

// inputOf makes an input of Go values.
func inputOf(args []any) (in input, err error) {
	in.values, in.types = make([]types.Value, len(args)), make([]types.Type, len(args))
	for i, a := range args {
		if in.values[i], err = valueOf(a); err != nil {
			return in, err
		}
		in.types[i] = paramType(in.values[i])
	}
	return in, nil
}

// Prepared is a statement whose parameters and columns are known. It runs as often as it is asked to, with the settings and the catalog of that moment. It belongs to
// its session and holds nothing: it needs no Close.
type Prepared struct {
	s       *Session
	st      Statement
	params  []types.Type
	columns []types.Column
	runs    int
	point   *pointRead
	tried   *catalog // that point was looked for in
}

// Prepare finds out a statement's parameters and columns, and whatever is wrong with it that can be known without running it. declared are the parameters' types as far as
// the client says them, from $1 on; a zero Type is inferred.
func (s *Session) Prepare(ctx context.Context, st Statement, declared []types.Type) (p *Prepared, err error) {
	defer func() {
		if c := recover(); c != nil {
			p, err = nil, s.eng.caught(c)
		}
		if err = readError(ctx, err); err != nil {
			s.Fail()
		}
	}()
	if err := s.eng.usable(); err != nil {
		return nil, err
	}
	if s.TxStatus() == 'E' {
		if err := s.admit(st.parsed); err != nil {
			return nil, err
		}
	}
	p = &Prepared{s: s, st: st}
	return p, p.describe(s.heard(ctx), declared)
}

// describe finds out the parameters and columns.
func (p *Prepared) describe(ctx context.Context, declared []types.Type) (err error) {
	p.params, p.columns, err = p.s.shape(ctx, p.st.parsed, declared)
	return err
}

// Params are the types of the parameters, $1 first: declared, or inferred as PostgreSQL infers them.
func (p *Prepared) Params() []types.Type { return p.params }

// Columns are the columns of the rows that the statement returns; nil where it returns none, as COPY does.
func (p *Prepared) Columns() []types.Column { return p.columns }

// Statement is what was prepared.
func (p *Prepared) Statement() Statement { return p.st }

// Query runs the statement; the caller closes the Rows. A value of another type than its parameter's is converted; a TEXT is read as the parameter's type.
func (p *Prepared) Query(ctx context.Context, params []types.Value) (*Rows, error) {
	in := p.given(params)
	in.point = p.pointRead(ctx)
	return p.s.run(ctx, p.st.parsed, in)
}

// pointRead is the point read that the statement is, planned when it runs for the second time, and again when the catalog has changed.
func (p *Prepared) pointRead(ctx context.Context) *pointRead {
	q, ok := p.st.parsed.(*syntax.Query)
	if p.runs++; !ok || q.Outline != nil || p.runs < 2 {
		return nil
	}
	if st := p.s.newStatement(); p.tried != st.cat {
		p.point, p.tried = nil, st.cat
		ps := plan.Session{Zone: p.s.zone, Off: p.s.rulesOff(), Params: slices.Clone(p.params)}
		if bound, err := selectBinding(q.Select)(p.s.names(ctx, st), ps); err == nil {
			p.point = p.s.pointReadOf(st, bound)
		}
	}
	return p.point
}

// given is what the statement is given to run with.
func (p *Prepared) given(values []types.Value) input { return input{values: values, types: p.params} }

// shape is what a statement takes and returns.
func (s *Session) shape(ctx context.Context, st syntax.Statement, declared []types.Type) ([]types.Type, []types.Column, error) {
	switch st := st.(type) {
	case *syntax.Query:
		return s.queryShape(ctx, st, declared)
	case *syntax.Outlined:
		return outlinedParams(st.Outline, declared), outlinedColumns(st.Outline), nil
	case *syntax.Insert:
		q, err := s.plan(ctx, func(cat plan.Catalog, ps plan.Session) (*plan.Query, error) {
			i, err := plan.BindInsert(st, cat, ps)
			if err != nil {
				return nil, err
			}
			_, err = s.ownTable(i.Target, "INSERT", st.TablePos)
			return i.Query, err
		}, declared)
		if err != nil {
			return nil, nil, err
		}
		return q.Params, nil, nil
	case *syntax.Explain:
		q, ok := st.Stmt.(*syntax.Query)
		if !ok {
			return declared, planColumns, nil
		}
		params, _, err := s.shape(ctx, q, declared)
		return params, planColumns, err
	case *syntax.CreateTable:
		if st.Query == nil {
			return declared, nil, nil
		}
		q, err := s.plan(ctx, selectBinding(st.Query), declared)
		if err != nil {
			return nil, nil, err
		}
		return q.Params, nil, nil
	case *syntax.DeclareCursor:
		q, err := s.plan(ctx, selectBinding(st.Query), declared)
		if err != nil {
			return nil, nil, err
		}
		return q.Params, nil, nil
	case *syntax.ExplainValue:
		var v *plan.ValueQuery
		q, err := s.plan(ctx, valueBinding(st, &v), declared)
		if err != nil {
			return nil, nil, err
		}
		f := s.newStatement().feature(v.Scans[0].Relation)
		if f == nil {
			return nil, nil, errDropped
		}
		return q.Params, valueColumns(f), nil
	case *syntax.Backup:
		return declared, backupColumns, nil
	case *syntax.VerifyFeature:
		_, err := s.verifiable(st)
		return declared, verifyColumns, err
	case *syntax.Transaction:
		return s.momentShape(ctx, st.Modes, declared)
	case *syntax.SetTransaction:
		return s.momentShape(ctx, st.Modes, declared)
	case *syntax.Execute:
		p, err := s.Prepared(st.Name)
		if err != nil {
			return nil, nil, placed(err, st.NamePos)
		}
		return declared, p.columns, nil
	case *syntax.Fetch:
		c, err := s.cursor(st.Name, st.NamePos)
		if err != nil || st.Move {
			return declared, nil, err
		}
		return declared, c.columns, nil
	case *syntax.Show, *syntax.ShowCreate, *syntax.Describe:
		rows, err := s.dispatch(ctx, st, input{}) // they change nothing
		if err != nil {
			return nil, nil, err
		}
		return declared, rows.Columns(), rows.Close()
	default:
		return declared, nil, nil
	}
}

// momentShape is what a transaction's modes take.
func (s *Session) momentShape(ctx context.Context, m syntax.Modes, declared []types.Type) ([]types.Type, []types.Column, error) {
	if m.AsOf == nil {
		return declared, nil, nil
	}
	q, err := s.plan(ctx, selectBinding(m.AsOf), declared)
	if err != nil {
		return nil, nil, err
	}
	return q.Params, nil, nil
}

// plan binds a statement without values for its parameters.
func (s *Session) plan(ctx context.Context, bind binding, declared []types.Type) (*plan.Query, error) {
	ps := plan.Session{Zone: s.zone, Off: s.rulesOff(), Params: slices.Clone(declared)}
	return bind(s.names(ctx, s.newStatement()), ps)
}

// resultColumns are the columns of a query's rows.
func resultColumns(q *plan.Query) []types.Column {
	columns := make([]types.Column, len(q.Columns))
	for i, c := range q.Columns {
		columns[i] = types.Column{Name: c.Name, Type: c.Type}
	}
	return columns
}
