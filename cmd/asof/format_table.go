package main

import (
	"bufio"
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/asofdb/asof/sql/types"
)

// tableLookahead is how many rows a table holds back to find its widths; later rows that are wider push their borders out.
// A thousand fill several screens and arrive at once.
const tableLookahead = 1000

// tableFormat draws a box for people. It is the one format that shows command tags, row counts and times.
// Where the box would be wider than the terminal each row is drawn as a record instead, a column a line.
type tableFormat struct {
	w *bufio.Writer
	look

	zone    *time.Location
	cols    []types.Column
	names   []cell
	widths  []int
	held    [][]cell // rows before the head is written
	headed  bool
	records bool // decided with the head
	rows    int
	scratch []byte
}

// cell is one line of a value as it is shown, how many columns of a terminal it takes, and the lines below it.
type cell struct {
	text  string
	width int
	null  bool
	below []cell
}

func (f *tableFormat) begin(cols []types.Column, zone *time.Location) error {
	*f = tableFormat{w: f.w, look: f.look, scratch: f.scratch, zone: zone, cols: cols}
	for i := range cols {
		name := newCell(strings.ReplaceAll(cols[i].Name, "\n", " "))
		f.names = append(f.names, name)
		f.widths = append(f.widths, name.width)
	}
	return nil
}

func (f *tableFormat) row(values []types.Value) error {
	cells := make([]cell, len(values))
	for i := range values {
		if values[i].IsNull() {
			cells[i] = cell{text: "NULL", width: 4, null: true}
		} else {
			f.scratch = types.AppendTextIn(f.scratch[:0], values[i], f.zone)
			cells[i] = newCell(string(f.scratch))
		}
	}
	if f.headed {
		return f.draw(cells)
	}
	for i := range cells {
		f.widths[i] = max(f.widths[i], cells[i].widest())
	}
	if f.held = append(f.held, cells); len(f.held) < tableLookahead {
		return nil
	}
	return f.head()
}

func (f *tableFormat) end(tag string, took time.Duration) error {
	summary := tag
	if len(f.cols) > 0 {
		if err := f.close(); err != nil {
			return err
		}
		summary = fmt.Sprintf("%d rows", f.rows)
		if f.rows == 1 {
			summary = "1 row"
		}
	}
	if took > 0 {
		summary += f.terminal.dim(", " + shortDuration(took))
	}
	_, err := fmt.Fprintf(f.w, "%s\n", summary)
	return err
}

// close writes what is held back and closes the box.
func (f *tableFormat) close() error {
	if !f.headed {
		if err := f.head(); err != nil {
			return err
		}
	}
	if f.records {
		return nil
	}
	return f.rule("└", "┴", "┘")
}

// head decides between box and records, and writes the head of the box and the rows that were held back for it.
func (f *tableFormat) head() error {
	f.headed = true
	f.records = len(f.held) > 0 && (f.expanded == "on" || f.expanded != "off" && f.tooWide())
	if !f.records {
		_ = f.rule("┌", "┬", "┐") // bufio keeps the first error; the last write returns it
		_ = f.line(f.names, false)
		if err := f.rule("├", "┼", "┤"); err != nil {
			return err
		}
	}
	for _, cells := range f.held {
		if err := f.draw(cells); err != nil {
			return err
		}
	}
	f.held = nil
	return nil
}

// tooWide reports whether the box does not fit the terminal. One column is not easier to read as a record.
func (f *tableFormat) tooWide() bool {
	width := 1
	for _, w := range f.widths {
		width += w + 3
	}
	screen := f.terminal.columns()
	return screen > 0 && width > screen && len(f.widths) > 1
}

func (f *tableFormat) draw(cells []cell) error {
	f.rows++
	if f.records {
		return f.record(cells)
	}
	return f.line(cells, true)
}

func (f *tableFormat) rule(left, cross, right string) error {
	for i, w := range f.widths {
		if i == 0 {
			_, _ = f.w.WriteString(left)
		} else {
			_, _ = f.w.WriteString(cross)
		}
		_, _ = f.w.WriteString(strings.Repeat("─", w+2))
	}
	_, err := f.w.WriteString(right + "\n")
	return err
}

// line draws the cells side by side, and what is below them in lines of its own. Numbers stand right where they are values.
func (f *tableFormat) line(cells []cell, values bool) error {
	var err error
	for n, more := 0, true; more; n++ {
		more = false
		for i, c := range cells {
			right := values && numeric(f.cols[i].Type.Kind)
			mark := " "
			if n < len(c.below) {
				more, mark = true, "↵"
			}
			if c = c.line(n); right {
				_, _ = f.w.WriteString("│ " + c.pad(f.widths[i]) + f.shown(c) + mark)
			} else {
				_, _ = f.w.WriteString("│ " + f.shown(c) + c.pad(f.widths[i]) + mark)
			}
		}
		_, err = f.w.WriteString("│\n")
	}
	return err
}

// record draws a row as a block of its own.
func (f *tableFormat) record(cells []cell) error {
	widest := 0
	for _, name := range f.names {
		widest = max(widest, name.width)
	}
	head := fmt.Sprintf("─[ %d ]", f.rows)
	rule := max(0, widest+1-len([]rune(head)))
	_, err := f.w.WriteString(f.terminal.dim(head+strings.Repeat("─", rule)+"┬"+strings.Repeat("─", 20)) + "\n")
	for i, c := range cells {
		name := f.names[i]
		for n := range 1 + len(c.below) {
			_, err = f.w.WriteString(name.text + name.pad(widest) + " │ " + f.shown(c.line(n)) + "\n")
			name = cell{}
		}
	}
	return err
}

func (f *tableFormat) shown(c cell) string {
	if c.null {
		return f.terminal.dim(c.text)
	}
	return c.text
}

// line is the n-th line of c, an empty one after the last.
func (c cell) line(n int) cell {
	switch {
	case n == 0:
		return c
	case n <= len(c.below):
		return c.below[n-1]
	}
	return cell{}
}

func (c cell) widest() int {
	w := c.width
	for _, b := range c.below {
		w = max(w, b.width)
	}
	return w
}

// pad is what c lacks to be width columns wide: nothing where it is wider.
func (c cell) pad(width int) string { return strings.Repeat(" ", max(0, width-c.width)) }

// newCell makes the cell of a value. It escapes what would move the cursor: a value must not be able to draw on the terminal.
func newCell(value string) cell {
	first, rest, more := strings.Cut(value, "\n")
	c := oneLine(first)
	for more {
		first, rest, more = strings.Cut(rest, "\n")
		c.below = append(c.below, oneLine(first))
	}
	return c
}

func oneLine(value string) cell {
	var b strings.Builder
	for _, r := range value {
		switch {
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case isControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteRune(r)
		}
	}
	text := b.String()
	return cell{text: text, width: uniseg.StringWidth(text)}
}

// isControl reports whether r is a C0 or C1 control character, which terminals act on.
func isControl(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 }

// shortDuration prints d with as many digits as a reader wants.
func shortDuration(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	case d < time.Minute:
		return fmt.Sprintf("%.2f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
