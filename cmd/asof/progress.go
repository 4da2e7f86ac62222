package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/asofdb/asof/engine"
)

// barAfter is how long something may take before it is worth a bar.
const barAfter = time.Second

// bar is the one thing whose progress is shown; what else runs meanwhile waits for its turn.
type bar struct {
	what  string
	drawn *progressbar.ProgressBar
}

// progress shows how far p is, on a terminal. Elsewhere nothing is written: what is not read by a person is read by a program that wants errors only.
func (c *console) progress(p engine.Progress) {
	if !c.terminal.interactive {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.bar != nil && c.bar.what != p.What:
	case c.lent && !p.Finished:
	case p.Finished:
		c.clearBarLocked()
		c.bar = nil
	default:
		if c.bar == nil {
			c.bar = newBar(c.w, p)
		}
		c.bar.show(p)
	}
}

func newBar(w io.Writer, p engine.Progress) *bar {
	return &bar{what: p.What, drawn: progressbar.NewOptions64(
		p.Total,
		progressbar.OptionSetWriter(&lateWriter{w: w, from: time.Now().Add(barAfter)}),
		progressbar.OptionSetDescription(p.What),
		progressbar.OptionShowBytes(p.Unit == "bytes"),
		progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(20),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

func (b *bar) show(p engine.Progress) {
	total := p.Total
	if total <= 0 {
		total = -1 // a spinner: nobody knows how much there is
	}
	b.drawn.ChangeMax64(total)
	_ = b.drawn.Set64(p.Done) // it fails where Done is beyond a total that has grown since
}

// clearBarLocked takes the bar off the terminal; the next progress draws it again.
func (c *console) clearBarLocked() {
	if c.bar != nil {
		_ = c.bar.drawn.Clear()
	}
}

// lateWriter drops what is written before a moment: a bar counts from its beginning, but shows itself only when it is worth it.
type lateWriter struct {
	w    io.Writer
	from time.Time
}

func (l *lateWriter) Write(p []byte) (int, error) {
	if time.Now().Before(l.from) {
		return len(p), nil
	}
	return l.w.Write(p)
}
