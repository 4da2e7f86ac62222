// Package agg is the aggregate functions. One implementation serves entity logs, sweeps and ad-hoc GROUP BY.
//
// A State is the exact aggregate of a multiset of argument values. Invariants:
//
//  1. Order does not matter: any order of Add and Retract, any grouping by Merge, gives the same Result to the bit.
//  2. Retract undoes exactly one Add of the same value (types.Identical); it may come before it. What Result says is defined
//     once no value has been retracted more often than added.
//  3. Nothing is rounded before Result.
//
// Where PostgreSQL's own result depends on the order of the rows, an order had to be chosen:
//
//   - SUM and AVG of floats add exactly and round the sum once, REAL to REAL; PostgreSQL rounds after each row.
//   - Among values that are equal and not the same (1.0 and 1.00, 0 and -0, '1 mon' and '30 days'), MIN, MAX and the
//     DISTINCT forms take the one with the larger display scale, 0 rather than -0, the one with more months, then days. So
//     does an array of them, by its first element that differs.
//   - ARRAY_AGG and STRING_AGG, which queries have and features have not, take the rows as they come (collect.go).
//   - A sum is out of range if the whole is, whatever the parts were on the way.
package agg

import "github.com/asofdb/asof/sql/types"

// State accumulates one aggregate. Values passed in may point into the caller's buffers: a State that keeps
// one clones it. A State is not safe for concurrent use.
type State interface {
	// Add counts one row whose argument is v (NULL allowed; ignored by all but COUNT(*), as in PostgreSQL).
	Add(v types.Value)
	// Retract takes one such row back.
	Retract(v types.Value)
	// Merge adds all of other, a State of the same function; other stays as it is.
	Merge(other State)
	// Result is the aggregate now, as PostgreSQL prints it; 22003 where it is out of the result type's range.
	Result() (types.Value, error)
	// Reset empties the state, keeping its memory.
	Reset()
	// AppendTo appends a canonical encoding (equal multisets, equal bytes); ReadFrom replaces the state by one and returns what follows.
	AppendTo(dst []byte) []byte
	ReadFrom(src []byte) ([]byte, error)
}

// Plain is a State that is quicker for plain numbers: integers, or numerics whose coefficient is an int64.
type Plain interface {
	// AddPlain is Add of the number x * 10^-scale, whose scale is not negative, or Retract of it where sign is -1.
	AddPlain(x int64, scale int16, sign int64)
}

// Func is an aggregate function resolved for an argument type.
type Func struct {
	Name     string // lower case; COUNT(*) is "count" with Star
	Star     bool
	Distinct bool
	Arg      types.Type // after the implicit cast; meaningless for Star
	Result   types.Type
	// New returns an empty state.
	New func() State
	// NewAddOnly returns an empty state for rows that are only ever added: Retract must not be called. It may need less memory,
	// merges with its like alone, and has an encoding of its own.
	NewAddOnly func() State

	// Collects is what a state keeps of every row, nil where it keeps none.
	Collects *Collect

	// family is what a state accumulates, where functions share that; read takes the function's result off a state of it.
	family family
	read   func(State) (types.Value, error)
	// ranked takes the function's result off a Ranked; extreme is -1 for MIN and 1 for MAX.
	ranked  func(*Ranked) types.Value
	extreme int
}
