package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// console is standard error: messages, and on a terminal a progress bar that gets out of their way.
// It is safe for concurrent use, because notices and progress come from any goroutine of the engine.
type console struct {
	w        io.Writer
	terminal terminal

	mu  sync.Mutex // guards what follows and the order of what is written
	bar *bar       // nil while nothing takes long
	// lent: something else has the terminal. Messages go to divert until it is back, and wait where that is nil or returns false.
	lent    bool
	divert  func(message string) bool
	waiting []string
}

func newConsole(w io.Writer, t terminal) *console { return &console{w: w, terminal: t} }

// say writes a message as it is.
func (c *console) say(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lent && c.terminal.interactive {
		if c.divert == nil || !c.divert(message) {
			c.waiting = append(c.waiting, message)
		}
		return
	}
	c.clearBarLocked()
	_, _ = io.WriteString(c.w, message+"\n")
}

// lend leaves the terminal to something else until back is called: no bar is drawn, and messages go to divert if that takes them, else they wait.
func (c *console) lend(divert func(message string) bool) (back func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clearBarLocked()
	c.lent, c.divert = true, divert
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.lent, c.divert = false, nil
		for _, message := range c.waiting {
			_, _ = io.WriteString(c.w, message+"\n")
		}
		c.waiting = nil
	}
}

// ask writes a prompt and stays behind it.
func (c *console) ask(prompt string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clearBarLocked()
	_, _ = io.WriteString(c.w, prompt)
}

// notice shows a message of the engine that is no error.
func (c *console) notice(n engine.Notice) {
	text := c.terminal.bold("NOTICE:") + " " + n.Message
	if n.Hint != "" {
		text += "\nHINT: " + n.Hint
	}
	c.say("%s", text)
}

// fail shows the error of a statement; st is nil for an error that no statement caused.
func (c *console) fail(err error, st *statement) { c.say("%s", c.render(err, st)) }

// render is how an error looks:
//
//	features.sql:12: ERROR 42703: column "custmer_id" does not exist
//	LINE 12: SELECT custmer_id FROM orders
//	                ^^^^^^^^^^
//	HINT: did you mean "customer_id"?
func (c *console) render(err error, st *statement) string {
	e := userError(err)
	var place string
	var where strings.Builder
	if st != nil {
		line := st.src.line
		if e.Pos > 0 {
			text, carets, n := excerpt(st.src.text, st.pos+e.Pos-1, e.Len)
			line += n
			label := fmt.Sprintf("LINE %d: ", line)
			under := strings.TrimLeft(carets, " ")
			fmt.Fprintf(&where, "\n%s%s\n%*s%s", label, text, len(label)+len(carets)-len(under), "", c.terminal.red(under))
		} else {
			line += strings.Count(st.src.text[:st.pos+blankPrefix(st.text)], "\n")
		}
		if st.src.name != "" {
			place = fmt.Sprintf("%s:%d: ", st.src.name, line)
		}
	}
	text := place + c.terminal.red("ERROR "+e.Code+":") + " " + e.Message + where.String()
	if e.Detail != "" {
		text += "\nDETAIL: " + e.Detail
	}
	if e.Hint != "" {
		text += "\nHINT: " + e.Hint
	}
	return text
}

// userError finds the error that is meant for the user, or makes one of what is not: a canceled context, or a failure of the machine.
func userError(err error) *types.Error {
	var e *types.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, context.Canceled):
		return types.Errorf(types.CodeCanceled, "canceling statement due to user request")
	}
	return types.Errorf(types.CodeInternal, "%s", err)
}
