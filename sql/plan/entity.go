package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// entity settles what identifies the feature's rows: the GROUP BY columns, or for an attribute feature the source's primary key, in
// the order ENTITY gives them.
func (c *compiler) entity() error {
	keys, err := c.naturalKeys()
	if err != nil {
		return err
	}
	if len(keys) == 0 && c.st.Entity != "" {
		return errorAt(c.st.EntityPos, types.CodeInvalidFunctionDef, "without GROUP BY the feature has one row and no entity").
			WithHint("GROUP BY the columns of the entity, or leave ENTITY away")
	}
	if c.st.EntityKeys != nil {
		if keys, err = c.declaredKeys(keys); err != nil {
			return err
		}
	}
	c.f.Keys = keys
	if !c.f.Attribute {
		c.orderGroup(keys)
	}
	c.f.Entity = c.st.Entity
	if c.f.Entity == "" && len(keys) > 0 {
		c.f.Entity = c.rel.Columns[keys[0]].Name
	}
	return nil
}

// naturalKeys are the keys as the body has them.
func (c *compiler) naturalKeys() ([]int, error) {
	if c.f.Attribute {
		if len(c.rel.Key) == 0 {
			return nil, errorAt(keyword(c.st.Select, "SELECT"), types.CodeInvalidFunctionDef, "a feature without GROUP BY and aggregates is the row of a primary key, and %q has none", c.rel.Name).
				WithHint("GROUP BY the columns of the entity, or declare a PRIMARY KEY in the source")
		}
		return c.rel.Key, nil
	}
	var keys []int
	for _, k := range c.q.scope.group.keys {
		col, ok := k.X.(*expr.Column)
		if !ok {
			return nil, notYet(c.groupPlace(k.X), "a feature GROUP BY an expression is")
		}
		keys = append(keys, col.Index)
	}
	return keys, nil
}

// groupPlace is the place of the GROUP BY item that is x.
func (c *compiler) groupPlace(x expr.Expr) syntax.Span {
	for _, item := range flatten(c.st.Select.GroupBy) {
		if key, err := c.q.scope.groupKey(item, c.q.targets); err == nil && same(key, x) {
			return item.Place()
		}
	}
	return c.st.Select.GroupBy[0].Place()
}

// declaredKeys are natural in the order of ENTITY (…), which must name the same columns: by their names in the source, or in the output.
func (c *compiler) declaredKeys(natural []int) ([]int, error) {
	keys := make([]int, 0, len(natural))
	for _, name := range c.st.EntityKeys {
		i := slices.IndexFunc(natural, func(k int) bool { return c.called(k, name) })
		if i < 0 || slices.Contains(keys, natural[i]) {
			return nil, c.keyMismatch(natural)
		}
		keys = append(keys, natural[i])
	}
	if len(keys) != len(natural) {
		return nil, c.keyMismatch(natural)
	}
	return keys, nil
}

// called reports whether name is the source's or the output's name of column key.
func (c *compiler) called(key int, name string) bool {
	if c.rel.Columns[key].Name == name {
		return true
	}
	return slices.ContainsFunc(c.q.targets, func(t target) bool {
		col, ok := t.x.(*expr.Column)
		return ok && col.Index == key && t.name == name
	})
}

func (c *compiler) keyMismatch(natural []int) error {
	list := ""
	for i, k := range natural {
		if i > 0 {
			list += ", "
		}
		list += syntax.QuoteIdent(c.rel.Columns[k].Name)
	}
	if c.f.Attribute {
		return errorAt(c.st.EntityPos, types.CodeInvalidFunctionDef, "without GROUP BY the entity is the primary key of %q", c.rel.Name).
			WithHint("write ENTITY … (%s), or GROUP BY the entity's columns and aggregate the others", list)
	}
	return errorAt(c.st.EntityPos, types.CodeInvalidFunctionDef, "the columns of ENTITY are not those of GROUP BY").
		WithHint("write ENTITY … (%s), or GROUP BY the columns of ENTITY", list)
}

// orderGroup puts the keys of GROUP BY into the entity's order.
func (c *compiler) orderGroup(keys []int) {
	g := c.q.scope.group
	place := func(o Output) int { return slices.Index(keys, o.X.(*expr.Column).Index) }
	slices.SortFunc(g.keys, func(a, b Output) int { return place(a) - place(b) })
}
