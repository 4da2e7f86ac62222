package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/engine"
)

// childVariable holds the child's orders, as JSON; a process that finds it set is a child.
const childVariable = "ASOF_FAULTS_CHILD"

// orders say what a child does.
type orders struct {
	Dir, Input   string
	Clock        bool // frontier = 'clock'
	Seed         uint64
	Batch, Flush int
	Features     []feature
	Replace      string // a feature to drop and create again, "" for none
}

// feature is what a child must know of one: how to create it and how to ask for an entity.
type feature struct {
	Name   string
	Create string
	Keys   []string
}

func featureOf(d random.Definition) feature {
	return feature{d.Name, "CREATE FEATURE IF NOT EXISTS" + d.Create()[len("CREATE FEATURE"):], d.Keys}
}

// event is one line from the child.
type event struct {
	// Is says what happened: "open", "creating", "created", "replacing", "answer", "closed" or "failed".
	Is   string
	What string `json:",omitempty"` // a feature's name, a question, or what went wrong
	// Answer is the final answer to the question What.
	Answer string `json:",omitempty"`
	// Frontier is what readers had before the event, in µs.
	Frontier int64
	// Asked is set if the parent asked.
	Asked bool `json:",omitempty"`
}

// longAnswer is the length from which only an answer's beginning and its hash are kept.
const longAnswer = 4 << 10

// answerText writes rows so that equal answers have equal texts: the order of rows is not part of an answer.
func answerText(rows [][]string) string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		b, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		lines[i] = string(b)
	}
	slices.Sort(lines)
	b, err := json.Marshal(lines)
	if err != nil {
		panic(err)
	}
	if len(b) > longAnswer {
		return fmt.Sprintf("%d rows, sha256 %x: %s…", len(rows), sha256.Sum256(b), strings.ToValidUTF8(string(b[:longAnswer/8]), ""))
	}
	return string(b)
}

// noFrontier is the frontier of a source that cannot be read yet.
const noFrontier = engine.NoTime
