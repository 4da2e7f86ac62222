package engine

import (
	"context"
	"fmt"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

const (
	codeNoPrepared        = "26000"
	codeDuplicatePrepared = "42P05"
)

// SavePrepared gives a prepared statement a name in the session: those of PREPARE and of a protocol's named statements are the same, as DEALLOCATE has it. The name ""
// takes the place of what had it.
func (s *Session) SavePrepared(name string, p *Prepared) error {
	if name != "" && s.prepared[name] != nil {
		return types.Errorf(codeDuplicatePrepared, "prepared statement \"%s\" already exists", name)
	}
	if s.prepared == nil {
		s.prepared = map[string]*Prepared{}
	}
	s.prepared[name] = p
	return nil
}

// Prepared finds a prepared statement by its name.
func (s *Session) Prepared(name string) (*Prepared, error) {
	if p := s.prepared[name]; p != nil {
		return p, nil
	}
	if name == "" {
		return nil, types.Errorf(codeNoPrepared, "unnamed prepared statement does not exist")
	}
	e := types.Errorf(codeNoPrepared, "prepared statement \"%s\" does not exist", name)
	var names []string
	for n := range s.prepared {
		names = append(names, n)
	}
	if near := plan.Nearest(name, names); near != "" {
		return nil, e.WithHint("did you mean %q?", near)
	}
	return nil, e
}

// ForgetPrepared takes a name away; there need be none.
func (s *Session) ForgetPrepared(name string) { delete(s.prepared, name) }

// prepareNamed runs PREPARE.
func (s *Session) prepareNamed(ctx context.Context, st *syntax.Prepare) error {
	if s.prepared[st.Name] != nil {
		return types.Errorf(codeDuplicatePrepared, "prepared statement \"%s\" already exists", st.Name)
	}
	p := &Prepared{s: s, st: Statement{parsed: st.Stmt}}
	if err := p.describe(ctx, st.Types); err != nil {
		return err
	}
	return s.SavePrepared(st.Name, p)
}

// execute runs EXECUTE.
func (s *Session) execute(ctx context.Context, st *syntax.Execute) (*Rows, error) {
	p, err := s.Prepared(st.Name)
	if err != nil {
		return nil, placed(err, st.NamePos)
	}
	var values []types.Value
	if st.Values != nil {
		rows, err := s.stream(ctx, selectBinding(st.Values), input{})
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		if rows.Next() {
			values = append(values, rows.Values()...)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	if len(values) != len(p.params) {
		e := types.Errorf(types.CodeSyntax, "wrong number of parameters for prepared statement \"%s\"", st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
		e.Detail = fmt.Sprintf("Expected %d parameters but got %d.", len(p.params), len(values))
		return nil, e
	}
	if err := s.admit(p.st.parsed); err != nil {
		return nil, err
	}
	return s.dispatch(ctx, p.st.parsed, p.given(values))
}

// deallocate runs DEALLOCATE.
func (s *Session) deallocate(st *syntax.Deallocate) error {
	if st.Name == "" {
		s.prepared = nil
		return nil
	}
	if _, err := s.Prepared(st.Name); err != nil {
		return placed(err, st.NamePos)
	}
	delete(s.prepared, st.Name)
	return nil
}
