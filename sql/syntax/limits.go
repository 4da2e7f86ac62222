package syntax

import "github.com/asofdb/asof/sql/types"

const (
	// maxDepth bounds how deep parentheses, subqueries, CASEs and prefix operators may nest: the parser and the bridge
	// recurse along them. Nobody writes a hundred; a generated query may. A parenthesis counts twice.
	maxDepth = 5000
	// maxHeight bounds the height of an expression. A chain of n operators is n high, so it is generous (WHERE id = 1 OR id = 2 OR …);
	// whoever walks expressions recurses along it and has room: at 1 KB a frame it is 32 MB of a goroutine's 1 GB.
	maxHeight = 32_000
	// maxNesting bounds the parentheses within one text for sqlparser, which gives up at 200.
	maxNesting = 48
	// maxText bounds an operand's text: operators copy their operands' texts, so a chain would be quadratic in it.
	maxText = 2048
)

func tooDeep(what string, at Span) *types.Error {
	return types.Errorf(types.CodeTooComplex, "stack depth limit exceeded: %s", what).At(int(at.Pos), 1).
		WithHint("A list reads further than operators do: write x IN (…) or x = ANY (ARRAY[…]) in place of many ORs.")
}

// enter counts one level of nesting at the current token; the caller calls leave when it is done with it.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return tooDeep("the statement nests too deep", p.tok().Span)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }
