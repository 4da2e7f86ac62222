package main

import (
	"fmt"
	"math/rand/v2"
)

// ledger keeps every final answer that was given, outside the process that gave it.
type ledger struct {
	answers   map[string]string
	questions []string // in the order in which they were first answered
	frontier  int64    // the newest that a reader was told
	checked   int      // answers that were given again
}

func newLedger() *ledger { return &ledger{answers: map[string]string{}, frontier: noFrontier} }

// take notes what a child said, and says what contradicts the past.
func (l *ledger) take(e event) error {
	if e.Is == "failed" {
		return fmt.Errorf("the child failed: %s", e.What)
	}
	if e.Is == "open" { // the only event that is sure to be later than all before it: others are said by several goroutines
		if e.Frontier < l.frontier {
			return fmt.Errorf("the frontier went back from %d to %d", l.frontier, e.Frontier)
		}
	}
	l.frontier = max(l.frontier, e.Frontier)
	if e.Is == "answer" {
		return l.answer(e.What, e.Answer)
	}
	return nil
}

// answer compares with the first answer to the question, or keeps it as that.
func (l *ledger) answer(question, answer string) error {
	first, known := l.answers[question]
	switch {
	case !known:
		l.answers[question] = answer
		l.questions = append(l.questions, question)
	case first != answer:
		return fmt.Errorf("the answer to a question about the past changed\n  question: %s\n  was:      %s\n  is:       %s", question, first, answer)
	default:
		l.checked++
	}
	return nil
}

// sample draws questions that were answered, each at most once: half of them from the newest.
func (l *ledger) sample(rng *rand.Rand, n int) []string {
	drawn := map[string]bool{}
	var out []string
	for range n {
		if len(l.questions) == 0 {
			break
		}
		i := rng.IntN(len(l.questions))
		if rng.IntN(2) == 0 {
			i = len(l.questions) - 1 - rng.IntN(min(len(l.questions), 2*n))
		}
		if q := l.questions[i]; !drawn[q] {
			drawn[q] = true
			out = append(out, q)
		}
	}
	return out
}
