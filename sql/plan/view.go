package plan

import (
	"errors"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// standsFor is the query that a name in FROM stands for, one of WITH or a view's; nil where it is a relation's own.
func (b *binder) standsFor(x *syntax.Table, s *scope) (*cte, error) {
	if c := s.ctes.find(x); c != nil {
		return c, nil
	}
	views, ok := b.cat.(ViewCatalog)
	if !ok || x.File || x.Schema != "" {
		return nil, nil
	}
	v := views.View(x.Name)
	if v == nil {
		return nil, nil
	}
	c, bound := b.views[x.Name]
	switch {
	case bound && c == nil:
		return nil, errorAt(x.NamePos, "42P17", "infinite recursion detected in rules for relation %q", x.Name)
	case bound:
		return c, nil
	}
	if b.views == nil {
		b.views = map[string]*cte{}
	}
	b.views[x.Name] = nil
	node, err := b.named(*v, around{})
	var e *types.Error
	if errors.As(err, &e) { // its place is one in the view's text
		return nil, errorAt(x.NamePos, e.Code, "view %q: %s", x.Name, e.Message).WithHint("%s", e.Hint)
	}
	if err != nil {
		return nil, err
	}
	c = &cte{CTE: *v, spool: &Spool{In: node, Name: x.Name}}
	b.views[x.Name] = c
	return c, nil
}
