// Package syntax reads asof's SQL: text to tokens, tokens to statements, and statements back to canonical text.
//
// The language is PostgreSQL's, with new words only for what PostgreSQL lacks. A statement is read in three steps:
//
//  1. lex.go cuts the text into tokens by PostgreSQL's lexical rules.
//  2. The parser (parser.go, one file per statement) reads everything that is not the body of a SELECT.
//  3. A SELECT body is read by github.com/xwb1989/sqlparser, which speaks MySQL. The rewriter (query.go, from.go, expr.go, primary.go, call.go)
//     climbs the tokens by PostgreSQL's precedence and writes canonical text in which every operator stands alone inside its own parentheses; the
//     bridge (bridge.go) turns sqlparser's tree into the nodes of ast.go.
//
// Invariants:
//
//  1. sqlparser never sees a byte that the user wrote. An identifier is written as the number of its token in back-ticks, a literal or a parameter as a bind
//     variable with that number, a node that needs a place or that MySQL cannot express as a call of a function whose name is the number of its shell.
//     So nothing the user writes can be misread by it, and every node knows its place.
//  2. sqlparser's precedence is never used: there is one operator between two parentheses.
//  3. The text handed to sqlparser nests at most maxNesting parentheses, whatever the user's text does: it gives up at 200. Deeper operands and
//     subqueries are hoisted and stand in the text as a name.
//  4. No text makes Parse panic or overflow the stack: nesting and the height of expressions are bounded (limits.go), and beyond is error 54001.
//  5. Every error is a *types.Error with a place in the user's text.
//  6. Print and Parse are inverse: printing what was parsed and parsing that gives the same nodes but for their places.
//
// The package knows no catalog: names are not looked up, functions and types of arguments are not checked.
package syntax
