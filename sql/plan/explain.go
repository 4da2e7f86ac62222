package plan

import "strings"

// Explain prints the tree, one node a line, what it reads indented by two spaces. The queries that stand in a node's expressions follow it, and
// what WITH names and several read is printed where it is met first.
func Explain(n Node) string { return ExplainWith(n, nil) }

// ExplainWith is Explain with a note behind each line that has one.
func ExplainWith(n Node, note func(Node) string) string {
	e := explainer{note: note, seen: map[any]bool{}}
	e.node(n, 0)
	return e.String()
}

type explainer struct {
	strings.Builder
	note func(Node) string
	seen map[any]bool // spools and subplans that have been printed
}

func (e *explainer) node(n Node, depth int) {
	e.indent(depth)
	e.WriteString(n.Describe())
	if _, ok := n.(*Spool); ok && e.seen[n] {
		e.WriteString(" (as above)\n")
		return
	}
	e.seen[n] = true
	if e.note != nil {
		e.WriteString(e.note(n))
	}
	e.WriteByte('\n')
	for _, q := range Subqueries(n) {
		p := q.Query.(*Subplan)
		if e.seen[p] {
			continue
		}
		e.seen[p] = true
		e.indent(depth + 1)
		e.WriteString("Subquery")
		for i, u := range p.Uses {
			if i > 0 {
				e.WriteByte(',')
			}
			e.WriteString(" for each " + q.Args[u].String())
		}
		e.WriteByte('\n')
		e.node(p.Root, depth+2)
	}
	for _, c := range n.Children() {
		e.node(c, depth+1)
	}
}

func (e *explainer) indent(depth int) { e.WriteString(strings.Repeat("  ", depth)) }
