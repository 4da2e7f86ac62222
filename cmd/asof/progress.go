package main

import (
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/asofdb/asof/engine"
)

// barAfter is how long something may take before it is worth a bar.
const barAfter = time.Second

// bar is the one thing whose progress is shown; what else runs meanwhile waits for its turn.
type bar struct {
	what  string
	since time.Time
	drawn *progressbar.ProgressBar // nil until it takes longer than barAfter
}

// progress shows how far p is, on a terminal. Elsewhere nothing is written: what is not read by a person is read by a program that wants errors only.
func (c *console) progress(p engine.Progress) {
	if !c.terminal.interactive {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bar != nil && c.bar.what != p.What {
		return
	}
	if p.Finished {
		c.clearBarLocked()
		c.bar = nil
		return
	}
	if c.bar == nil {
		c.bar = &bar{what: p.What, since: time.Now()}
	}
	c.bar.show(c, p)
}

func (b *bar) show(c *console, p engine.Progress) {
	if b.drawn == nil {
		if time.Since(b.since) < barAfter {
			return
		}
		b.drawn = progressbar.NewOptions64(p.Total,
			progressbar.OptionSetWriter(c.w),
			progressbar.OptionSetDescription(p.What),
			progressbar.OptionShowBytes(p.Unit == "bytes"),
			progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(20),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionEnableColorCodes(false),
		)
	}
	if p.Total > 0 {
		b.drawn.ChangeMax64(p.Total)
	} else {
		b.drawn.ChangeMax64(-1) // a spinner: nobody knows how much there is
	}
	_ = b.drawn.Set64(p.Done) // it fails where Done is beyond a total that has grown since
}

// clearBarLocked takes the bar off the terminal; the next progress draws it again.
func (c *console) clearBarLocked() {
	if c.bar != nil && c.bar.drawn != nil {
		_ = c.bar.drawn.Clear()
	}
}
