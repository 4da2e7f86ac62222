package exec

import (
	"github.com/asofdb/asof/sql/types"
)

// Questions ask for the rows that a relation has for keys at moments. There may be a million of them, so they are kept without pointers.
type Questions struct {
	// At are the moments in µs, or where the scan's AsOf is Served the times of the wall clock at which readers saw them.
	At []int64
	// none are the questions to which there is no row, because a NULL is in the key or is the moment.
	none []bool
	keys []byte
	ends []int // where each key begins in keys, and where the last one ends
}

// Len returns the number of questions.
func (q *Questions) Len() int { return len(q.At) }

// Key returns the key of question i, encoded: types.AppendKey of values of exactly the types of the relation's key columns, none of them NULL.
// ok is false where no row can be found, whatever the key, which means nothing then, as does the moment.
func (q *Questions) Key(i int) (key []byte, ok bool) {
	return q.keys[q.ends[i]:q.ends[i+1]:q.ends[i+1]], !q.none[i]
}

// Add adds a question.
func (q *Questions) Add(key []types.Value, at int64) {
	q.begin()
	for i := range key {
		q.keys = types.AppendKey(q.keys, key[i])
	}
	q.At, q.none, q.ends = append(q.At, at), append(q.none, false), append(q.ends, len(q.keys))
}

// AddNone adds a question to which there is no row.
func (q *Questions) AddNone() {
	q.begin()
	q.At, q.none, q.ends = append(q.At, 0), append(q.none, true), append(q.ends, len(q.keys))
}

func (q *Questions) begin() {
	if len(q.ends) == 0 {
		q.ends = append(q.ends, 0)
	}
}

// slice is the questions from..to. They share what q has.
func (q *Questions) slice(from, to int) Questions {
	return Questions{At: q.At[from:to], none: q.none[from:to], keys: q.keys, ends: q.ends[from : to+1]}
}

// questionSize is what a question takes besides its key, with the place of its answer and what it is sorted by.
const questionSize = 8 + 1 + 8 + 16 + 24
