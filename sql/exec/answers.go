package exec

import (
	"sync/atomic"

	"github.com/asofdb/asof/sql/types"
)

// answers keeps the rows that a sweep finds, encoded, until they are handed out in the order of the questions.
type answers struct {
	at     []answerPlace // by question
	kept   []arena       // of each goroutine that answers
	types  codec
	room   int64
	filled *atomic.Int64 // bytes of all arenas
}

// answerPlace is where the answer to a question lies: in which arena, counted from one, and where there. The zero answerPlace is that of no row.
type answerPlace struct {
	arena uint32
	place place
}

// newAnswers makes room for the answers to n questions, of at most room bytes, which as many goroutines may give.
func newAnswers(n int, room int64, goroutines int, types codec) answers {
	return answers{at: make([]answerPlace, n), kept: make([]arena, goroutines), types: types, room: room, filled: new(atomic.Int64)}
}

// takers are the functions that keep answers, one for each goroutine. Past the room they return errAnswers.
func (a *answers) takers() []Answer {
	takers := make([]Answer, len(a.kept))
	for n := range takers {
		var row []byte
		takers[n] = func(i int, values []types.Value) error {
			if values == nil {
				return nil
			}
			row = a.types.append(row[:0], values)
			a.at[i] = answerPlace{uint32(n + 1), a.kept[n].keep(row)}
			if a.filled.Add(int64(len(row))) > a.room {
				return errAnswers
			}
			return nil
		}
	}
	return takers
}

// row is the encoded answer to question i, if there is one.
func (a *answers) row(i int) (encoded []byte, ok bool) {
	at := a.at[i]
	if at.arena == 0 {
		return nil, false
	}
	return a.kept[at.arena-1].bytes(at.place), true
}

// found counts the questions from..to that have an answer.
func (a *answers) found(from, to int) int {
	n := 0
	for _, at := range a.at[from:to] {
		if at.arena > 0 {
			n++
		}
	}
	return n
}
