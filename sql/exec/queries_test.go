package exec

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// queryMaker makes random queries over several tables: joins, subqueries, set operations, grouping, ordering. All of them are valid, and no answer
// depends on the order of rows or of evaluation: there is no division, a LIMIT stands behind an ORDER BY of all columns, and a scalar subquery has one row.
type queryMaker struct {
	*rand.Rand
	tables []*content
	names  int
	with   []relationShape // what WITH names, where the query at hand sees it
}

// shape is what an expression can be made of: a name with the kind of its values.
type shape struct {
	table, name, kind string
}

type relationShape struct {
	name    string
	columns []shape
}

// kinds are the kinds of values with their SQL types; only values of one type are compared, but for the numbers.
var kinds = []string{"int2", "int4", "int8", "numeric", "float4", "float8", "text", "varchar", "char", "bool", "date", "time", "timestamp", "timestamptz", "interval", "uuid", "bytea", "ints"}

// text is the text of a value: of few, so that they meet.
func (g *queryMaker) text(kind string) string {
	switch kind {
	case "int2", "int4", "int8":
		return fmt.Sprint(g.IntN(5) - 1)
	case "numeric":
		return fmt.Sprintf("%d.%d0", g.IntN(3), g.IntN(2)*5)
	case "float4", "float8":
		return g.pick("0.5", "1", "-2", "2.5")
	case "text", "varchar":
		return g.pick("a", "b", "ab", "B")
	case "char":
		return g.pick("a", "ab", "b")
	case "bool":
		return g.pick("t", "f")
	case "date":
		return fmt.Sprintf("2025-01-%02d", 1+g.IntN(3))
	case "time":
		return g.pick("10:00", "12:30:00.5")
	case "interval":
		return g.pick("01:00:00", "2 days", "1 mon")
	case "uuid":
		return fmt.Sprintf("00000000-0000-0000-0000-00000000000%d", g.IntN(3))
	case "bytea":
		return g.pick(`\\x01`, `\\x`, `\\x0102`)[1:]
	case "ints":
		return g.pick("{1,2}", "{}", "{1,NULL}", "{3}")
	}
	return fmt.Sprintf("2025-01-%02d %02d:00:00", 1+g.IntN(2), g.IntN(2)*12)
}

func (g *queryMaker) pick(xs ...string) string { return xs[g.IntN(len(xs))] }

func (g *queryMaker) chance(n int) bool { return g.IntN(n) == 0 }

// least is the smallest expression of a kind.
func least(kind string) string {
	switch kind {
	case "bool":
		return "true"
	case "int4":
		return "1"
	}
	return "NULL::" + castNames[kind]
}

var castNames = map[string]string{
	"int2": "int2", "int4": "int4", "int8": "int8", "numeric": "numeric(8,2)", "float4": "float4", "float8": "float8", "text": "text", "varchar": "varchar(3)", "char": "char(2)", "bool": "bool",
	"date": "date", "time": "time", "timestamp": "timestamp", "timestamptz": "timestamptz", "interval": "interval", "uuid": "uuid", "bytea": "bytea", "ints": "int4[]",
}

// names in sight: those of the query itself, and those of the queries around it.
type sight struct {
	own, outer []shape
	// keys are the only own columns that may stand alone, where the query is grouped; aggregates may stand too.
	grouped bool
	keys    []shape
}

func (s sight) free() []shape {
	if s.grouped {
		return s.keys
	}
	return s.own
}

// inner is what a subquery sees around it.
func (s sight) inner() []shape { return append(slices.Clone(s.free()), s.outer...) }

// inside is what a subquery of a query with sight s reads of the queries around it: all that it could, or nothing.
func (g *queryMaker) inside(s sight) []shape {
	if g.chance(2) {
		return nil
	}
	return s.inner()
}

// query makes a query; ordered is set where the order of its rows is determined.
func (g *queryMaker) query(depth int, outer []shape) (t *tree, out []shape, ordered bool) {
	before := len(g.with)
	var with []*tree
	if depth > 0 && g.chance(6) {
		for range 1 + g.IntN(2) {
			sub, columns, _ := g.query(depth-1, outer)
			name := g.name("c")
			with = append(with, form("", name+" AS (@)", sub))
			g.with = append(g.with, relationShape{name, columns})
		}
	}
	t, out = g.body(depth, outer, nil)
	if g.chance(3) {
		ordered = true
		t = form("query", "@@", t, g.order(len(out)))
	}
	if len(with) > 0 {
		t = form("query", "WITH @ @", list(", ", 1, with...), t)
	}
	g.with = g.with[:before]
	return t, out, ordered
}

// order orders by all of n columns, and perhaps cuts.
func (g *queryMaker) order(n int) *tree {
	var keys []*tree
	for _, i := range g.Perm(n) {
		keys = append(keys, text(fmt.Sprint(i+1)+g.pick("", "", " DESC", " ASC", " NULLS FIRST", " DESC NULLS LAST")))
	}
	limit := option("")
	if g.chance(3) {
		limit = option(fmt.Sprintf(" LIMIT %s", g.pick("0", "1", "2", "5", "100")))
	}
	offset := option("")
	if g.chance(5) {
		offset = option(fmt.Sprintf(" OFFSET %d", g.IntN(3)))
	}
	return option(" ORDER BY @@@", list(", ", n, keys...), limit, offset)
}

func (g *queryMaker) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// body makes a SELECT, VALUES or set operation, with columns of the given kinds if there are any.
func (g *queryMaker) body(depth int, outer []shape, want []string) (*tree, []shape) {
	switch {
	case depth > 0 && g.chance(5):
		l, out := g.body(depth-1, outer, want)
		var same []string
		for _, c := range out {
			same = append(same, c.kind)
		}
		r, _ := g.body(depth-1, outer, same)
		op := g.pick("UNION", "UNION ALL", "INTERSECT", "INTERSECT ALL", "EXCEPT", "EXCEPT ALL")
		return form("query", "(@) "+op+" (@)", l, r), out
	case g.chance(12):
		return g.values(want)
	}
	return g.selection(depth, outer, want)
}

func (g *queryMaker) values(want []string) (*tree, []shape) {
	if want == nil {
		for range 1 + g.IntN(2) {
			want = append(want, kinds[g.IntN(len(kinds))])
		}
	}
	var rows []*tree
	var out []shape
	for i, k := range want {
		out = append(out, shape{"", fmt.Sprintf("column%d", i+1), k})
	}
	for range 1 + g.IntN(3) {
		var cells []*tree
		for _, k := range want {
			cells = append(cells, g.literal(k))
		}
		rows = append(rows, form("", "(@)", list(", ", len(cells), cells...)))
	}
	return form("query", "VALUES @", list(", ", 1, rows...)), out
}

func (g *queryMaker) selection(depth int, outer []shape, want []string) (*tree, []shape) {
	from, own := g.from(depth, outer)
	s := sight{own: own, outer: outer}
	where := option("")
	if g.chance(2) {
		where = option(" WHERE @", g.conditions(depth, s))
	}
	group, having := option(""), option("")
	if g.chance(3) {
		s.grouped = true
		var keys []*tree
		for range g.IntN(3) {
			if len(own) > 0 {
				k := own[g.IntN(len(own))]
				s.keys = append(s.keys, k)
				keys = append(keys, text(k.table+"."+k.name))
			}
		}
		if len(keys) > 0 {
			group = form("", " GROUP BY @", list(", ", 1, keys...))
		}
		if g.chance(3) || len(keys) == 0 && g.chance(2) {
			having = option(" HAVING @", g.conditions(depth, s))
		}
	}
	var items []*tree
	var out []shape
	if want == nil {
		for range 1 + g.IntN(3) {
			want = append(want, g.kindIn(s))
		}
	}
	for i, k := range want {
		x := g.expr(k, depth, s)
		name := fmt.Sprintf("x%d", i+1)
		items = append(items, form("", "@ AS "+name, x))
		out = append(out, shape{"", name, k})
	}
	if s.grouped && len(s.keys) == 0 && !strings.Contains(list(", ", 1, items...).String()+having.String(), "count(") { // it must be grouped
		items[0] = form("", "CASE WHEN count(*) >= 0 THEN @ END AS x1", g.expr(want[0], 0, s))
	}
	distinct := option("")
	if g.chance(6) {
		distinct = option("DISTINCT ")
	}
	return form("query", "SELECT @@@@@@", distinct, list(", ", 1, items...), from, where, group, having), out
}

// kindIn is a kind that the query has columns of, mostly.
func (g *queryMaker) kindIn(s sight) string {
	if free := s.free(); len(free) > 0 && !g.chance(4) {
		return free[g.IntN(len(free))].kind
	}
	return kinds[g.IntN(len(kinds))]
}

func (g *queryMaker) from(depth int, outer []shape) (*tree, []shape) {
	if g.chance(15) {
		return text(""), nil
	}
	t, s := g.joined(depth, outer)
	return form("", " FROM @", t), s
}

// joined makes a relation, or several that are joined.
func (g *queryMaker) joined(depth int, outer []shape) (*tree, []shape) {
	l, ls := g.relation(depth, outer)
	for n := g.IntN(3); n > 0 && depth > 0; n-- {
		lateral := g.chance(5)
		var r *tree
		var rs []shape
		if lateral {
			r, rs = g.lateral(depth, append(slices.Clone(ls), outer...))
		} else {
			r, rs = g.relation(depth-1, outer)
		}
		s := sight{own: append(slices.Clone(ls), rs...), outer: outer}
		kind := g.pick("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN")
		if lateral {
			kind = g.pick("JOIN", "LEFT JOIN", "CROSS JOIN")
		}
		var on *tree
		a, b, ok := g.equals(ls, rs)
		switch {
		case kind == "CROSS JOIN":
			on = text("")
		case kind == "FULL JOIN" && !ok:
			kind, on = "LEFT JOIN", form("", " ON @", g.conditions(depth-1, s))
		case kind == "FULL JOIN":
			on = text(" ON " + a + " = " + b)
		case ok && !g.chance(3):
			on = form("", " ON "+a+" = "+b+"@", option(""))
			if g.chance(2) {
				on = form("", " ON "+a+" = "+b+"@", option(" AND @", g.conditions(depth-1, s)))
			}
		default:
			on = form("", " ON @", g.conditions(depth-1, s))
		}
		l = form("from", "@ "+kind+" @@", l, r, on)
		ls = s.own
	}
	return l, ls
}

// lateral is a query that sees what stands to its left, or a relation joined with such a one, which sees the relation as well.
func (g *queryMaker) lateral(depth int, outer []shape) (*tree, []shape) {
	var l *tree
	var ls []shape
	if g.chance(4) {
		l, ls = g.relation(0, outer)
	}
	alias := g.name("q")
	sub, columns, _ := g.query(depth-1, append(slices.Clone(ls), outer...))
	t := form("from", "LATERAL (@) AS "+alias, sub)
	own := ls
	for _, c := range columns {
		own = append(own, shape{alias, c.name, c.kind})
	}
	if l == nil {
		return t, own
	}
	return form("from", "(@ "+g.pick("JOIN", "LEFT JOIN")+" @ ON @)", l, t, g.conditions(0, sight{own: own})), own
}

// equals finds columns of one kind on either side.
func (g *queryMaker) equals(ls, rs []shape) (a, b string, ok bool) {
	for range 20 {
		if len(ls) == 0 || len(rs) == 0 {
			break
		}
		l, r := ls[g.IntN(len(ls))], rs[g.IntN(len(rs))]
		if l.kind == r.kind || l.kind[:3] == "int" && r.kind[:3] == "int" && l.kind != "interval" && r.kind != "interval" && l.kind != "ints" && r.kind != "ints" {
			return l.table + "." + l.name, r.table + "." + r.name, true
		}
	}
	return "", "", false
}

func (g *queryMaker) relation(depth int, outer []shape) (*tree, []shape) {
	alias := g.name("q")
	var rel relationShape
	var t *tree
	switch {
	case depth > 0 && g.chance(4):
		sub, columns, _ := g.query(depth-1, outer)
		t, rel = form("from", "(@) AS "+alias, sub), relationShape{"", columns}
	case len(g.with) > 0 && g.chance(2):
		rel = g.with[g.IntN(len(g.with))]
		t = form("from", rel.name+" AS "+alias)
	case depth > 0 && g.chance(12):
		return g.using(alias)
	default:
		rel = g.tables[g.IntN(len(g.tables))].relationShape
		t = form("from", rel.name+" AS "+alias)
	}
	var out []shape
	for _, c := range rel.columns {
		out = append(out, shape{alias, c.name, c.kind})
	}
	return t, out
}

// using joins two tables by USING in a derived table, so that the one column of two is used.
func (g *queryMaker) using(alias string) (*tree, []shape) {
	l, r := g.tables[g.IntN(len(g.tables))], g.tables[g.IntN(len(g.tables))]
	name := g.pick("k", "s")
	kind := ""
	for _, k := range []string{"int2", "int4", "int8", "varchar", "text"} { // of two types the wider one
		if l.kindOf(name) == k || r.kindOf(name) == k {
			kind = k
		}
	}
	join := g.pick("JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN")
	a, b := g.name("q"), g.name("q")
	return text(fmt.Sprintf("(SELECT %s, %s.%s AS x1, %s.%s AS x2 FROM %s %s %s %s %s USING (%s)) AS %s", name, a, name, b, name, l.name, a, join, r.name, b, name, alias)),
		[]shape{{alias, name, kind}, {alias, "x1", l.kindOf(name)}, {alias, "x2", r.kindOf(name)}}
}

func (r relationShape) kindOf(name string) string {
	for _, c := range r.columns {
		if c.name == name {
			return c.kind
		}
	}
	return ""
}

// conditions is some conditions, all of which must hold.
func (g *queryMaker) conditions(depth int, s sight) *tree {
	var cs []*tree
	for range 1 + g.IntN(2) {
		cs = append(cs, g.condition(depth, s))
	}
	return list(" AND ", 1, cs...)
}

func (g *queryMaker) condition(depth int, s sight) *tree {
	t := g.someCondition(depth, s)
	t.least = "true"
	return t
}

func (g *queryMaker) someCondition(depth int, s sight) *tree {
	k := g.kindIn(s)
	if depth > 0 {
		switch g.IntN(12) {
		case 0:
			return form("bool", "(@ OR @)", g.condition(depth-1, s), g.condition(depth-1, s))
		case 1:
			return form("bool", "NOT (@)", g.condition(depth-1, s))
		case 2, 3:
			sub, _, _ := g.query(depth-1, g.inside(s))
			return form("bool", g.pick("", "NOT ")+"EXISTS (@)", sub)
		case 4, 5:
			sub, _ := g.body(depth-1, g.inside(s), []string{k})
			return form("bool", "@"+g.pick(" IN", " NOT IN")+" (@)", g.expr(k, depth-1, s), sub)
		case 6:
			sub, _ := g.body(depth-1, g.inside(s), []string{k})
			op := g.pick("=", "<>", "<", "<=", ">", ">=")
			return form("bool", "@ "+op+g.pick(" ANY", " ALL")+" (@)", g.expr(k, depth-1, s), sub)
		case 7:
			l := g.kindIn(s)
			sub, _ := g.body(depth-1, g.inside(s), []string{k, l})
			return form("bool", "(@, @)"+g.pick(" IN", " NOT IN")+" (@)", g.expr(k, depth-1, s), g.expr(l, depth-1, s), sub)
		case 8:
			l := g.kindIn(s)
			sub, _ := g.body(0, g.inside(s), []string{k, l})
			return form("bool", "(@, @) "+g.pick("=", "<>", "<", ">=")+" (SELECT x.a, x.b FROM (@) AS x (a, b) ORDER BY 1, 2 LIMIT 1)", g.expr(k, depth-1, s), g.expr(l, depth-1, s), sub)
		}
	}
	a, b := g.expr(k, depth-1, s), g.expr(k, depth-1, s)
	switch g.IntN(9) {
	case 0:
		return form("bool", "@ IS"+g.pick("", " NOT")+" NULL", a)
	case 1:
		return form("bool", "@ IS"+g.pick("", " NOT")+" DISTINCT FROM @", a, b)
	case 2:
		return form("bool", "@ BETWEEN @ AND @", a, b, g.expr(k, 0, s))
	case 3:
		return form("bool", "@"+g.pick("", " NOT")+" IN (@, @)", a, b, g.literal(k))
	case 4:
		return form("bool", "(@, @) "+g.pick("=", "<>", "<", ">=")+" (@, @)", a, g.expr("int4", 0, s), b, g.literal("int4"))
	case 5:
		if k == "ints" { // an array of arrays is one array
			break
		}
		return form("bool", "@ "+g.pick("=", "<>")+" ANY (ARRAY[@, @])", a, b, g.literal(k))
	}
	return form("bool", "@ "+g.pick("=", "=", "=", "<>", "<", "<=", ">", ">=")+" @", a, b)
}

func (g *queryMaker) literal(kind string) *tree {
	if g.chance(8) {
		return &tree{kind: kind, texts: []string{"NULL::" + castNames[kind]}}
	}
	if kind == "int4" {
		return &tree{kind: kind, texts: []string{"(" + g.text(kind) + ")"}}
	}
	return &tree{kind: kind, texts: []string{"'" + g.text(kind) + "'::" + castNames[kind]}}
}

// expr makes an expression of a kind.
func (g *queryMaker) expr(kind string, depth int, s sight) *tree {
	t := g.someExpr(kind, depth, s)
	t.kind, t.least = kind, least(kind)
	return t
}

func (g *queryMaker) someExpr(kind string, depth int, s sight) *tree {
	if s.grouped && g.chance(3) {
		if t := g.aggregate(kind, depth, s); t != nil {
			return t
		}
	}
	if depth >= 0 && g.chance(5) {
		return g.function(kind, depth-1, s)
	}
	if depth > 0 && g.chance(3) {
		a, b := g.expr(kind, depth-1, s), g.expr(kind, depth-1, s)
		switch g.IntN(6) {
		case 0:
			return form(kind, "CASE WHEN @ THEN @ ELSE @ END", g.condition(depth-1, s), a, b)
		case 1:
			return form(kind, "COALESCE(@, @)", a, b)
		case 2:
			sub, out := g.body(depth-1, s.inner(), []string{kind})
			return form(kind, "(SELECT x."+out[0].name+" FROM (@) AS x ORDER BY 1"+g.pick("", " DESC")+" LIMIT 1)", sub)
		case 3:
			if fn := g.aggregateOf(kind); fn != "" {
				from, own := g.from(depth-1, s.inner())
				where := option(" WHERE @", g.conditions(depth-1, sight{own: own, outer: s.inner()}))
				if x := g.column(kind, own); x != "" {
					return form(kind, "(SELECT "+fn+"("+x+")@@)", from, where)
				}
			}
		case 4:
			if s.grouped && g.chance(2) {
				if t := g.aggregateInside(kind, depth, s); t != nil {
					return t
				}
			}
			if kind == "bool" {
				return form(kind, "(@)", g.condition(depth-1, s))
			}
			if kind == "int8" {
				sub, _, _ := g.query(depth-1, s.inner())
				return form(kind, "(SELECT count(*) FROM (@) AS x)", sub)
			}
		}
		switch kind {
		case "int4", "int8", "numeric", "float8":
			return form(kind, "(@ "+g.pick("+", "-")+" @)", a, b)
		case "text":
			return form(kind, "(@ || @)", a, b)
		}
	}
	if x := g.column(kind, s.free()); x != "" && !g.chance(5) {
		return text(x)
	}
	if x := g.column(kind, s.outer); x != "" && !g.chance(4) {
		return text(x)
	}
	return g.literal(kind)
}

// column is a column of a kind, "" where there is none.
func (g *queryMaker) column(kind string, in []shape) string {
	var fit []shape
	for _, c := range in {
		if c.kind == kind {
			fit = append(fit, c)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	c := fit[g.IntN(len(fit))]
	return c.table + "." + c.name
}

// aggregateOf is a function that makes one value of a kind of many of the kind; "" where there is none.
func (g *queryMaker) aggregateOf(kind string) string {
	switch kind {
	case "int2", "int4", "int8", "numeric", "float4", "float8", "text", "char", "date", "time", "timestamp", "timestamptz", "interval":
		return g.pick("min", "max")
	case "bool":
		return g.pick("bool_and", "bool_or")
	}
	return ""
}

// aggregateInside is an aggregate of the query of s that stands in a query of its own: it belongs to the one whose columns it reads.
func (g *queryMaker) aggregateInside(kind string, depth int, s sight) *tree {
	x := g.aggregate(kind, depth, s)
	if x == nil || len(s.own) == 0 || strings.Contains(x.String(), "count(*)") {
		return nil
	}
	where := option("")
	if kind == "int4" || kind == "int8" {
		where = option(" WHERE y.k <= @", x)
	}
	rel := g.tables[g.IntN(len(g.tables))]
	return form(kind, "(SELECT @ FROM "+rel.name+" AS y@ LIMIT 1)", x, where)
}

func (g *queryMaker) aggregate(kind string, depth int, s sight) *tree {
	inner := sight{own: s.own, outer: s.outer}
	filter := option("")
	if g.chance(4) {
		filter = option(" FILTER (WHERE @)", g.condition(depth-1, inner))
	}
	column := func(k string) *tree {
		x := g.column(k, s.own)
		if x == "" {
			return nil
		}
		if g.chance(3) { // some column of the query itself must be in it, or it is another query's aggregate
			return form("", g.pick("NULLIF(@, @)", "COALESCE(@, @)", "GREATEST(@, @)"), text(x), g.expr(k, 0, inner))
		}
		return text(x)
	}
	distinct := g.pick("", "", "DISTINCT ")
	switch kind {
	case "int8":
		if x := column("int4"); x != nil && g.chance(2) {
			return form(kind, "sum("+distinct+"@)@", x, filter)
		}
		if len(s.own) > 0 && g.chance(2) {
			c := s.own[g.IntN(len(s.own))]
			return form(kind, "count("+distinct+c.table+"."+c.name+")@", filter)
		}
		return form(kind, "count(*)@", filter)
	case "numeric":
		if x := column("numeric"); x != nil && g.chance(2) {
			return form(kind, "(avg(@)@)::numeric(8,2)", x, filter)
		}
	case "float8":
		if x := column("float8"); x != nil && g.chance(2) {
			return form(kind, "sum(@)@", x, filter)
		}
	}
	if fn := g.aggregateOf(kind); fn != "" {
		if x := column(kind); x != nil {
			return form(kind, fn+"(@)@", x, filter)
		}
	}
	return nil
}
