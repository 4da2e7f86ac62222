// Package expr is typed, bound expressions: what a syntax tree means once its names and types are known,
// and how one row is evaluated.
//
// Bind resolves names, operators and functions as PostgreSQL does and yields a tree of nodes; Eval computes
// one row. The text of a node (String) is canonical: a definition's version is a hash of it.
//
// Invariants:
//
//  1. Evaluation is pure: a result depends on the Env alone. The one source of time is Env.Now, and no function is volatile.
//  2. A tree is immutable once built and safe for concurrent evaluation. Rewrites go through Rebuild and the
//     constructors (NewCompare, NewAnd, …), which also choose the fastest evaluation for the operands at hand.
//  3. Every operand has exactly the type its operator works on; conversions that PostgreSQL would make silently are Cast
//     nodes. The one exception: VARCHAR stands where TEXT is compared, so that a plain column stays recognisable.
//  4. Folding replaces an expression only by the value that evaluation would have given, never an error by anything.
//  5. All nodes are used by pointer: *Column, *Const, ….
package expr
