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

// tableFormat draws a box for people. It is the one format that shows command tags, row counts and, on a terminal, times.
type tableFormat struct {
	w        *bufio.Writer
	terminal terminal

	cols    []types.Column
	widths  []int
	held    [][]cell // rows before the head is written
	headed  bool
	rows    int
	scratch []byte
}

// cell is one value as it is shown, and how many columns of a terminal it takes.
type cell struct {
	text  string
	width int
	null  bool
}

func (f *tableFormat) begin(cols []types.Column) error {
	f.cols, f.widths, f.held, f.headed, f.rows = cols, make([]int, len(cols)), nil, false, 0
	for i := range cols {
		f.widths[i] = newCell([]byte(cols[i].Name)).width
	}
	return nil
}

func (f *tableFormat) row(values []types.Value) error {
	f.rows++
	cells := make([]cell, len(values))
	for i := range values {
		if values[i].IsNull() {
			cells[i] = cell{text: "NULL", width: 4, null: true}
		} else {
			f.scratch = types.AppendText(f.scratch[:0], values[i])
			cells[i] = newCell(f.scratch)
		}
		if !f.headed {
			f.widths[i] = max(f.widths[i], cells[i].width)
		}
	}
	if f.headed {
		return f.line(cells)
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
	if f.terminal.interactive {
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
	return f.rule("└", "┴", "┘")
}

// head writes the head of the box and the rows that were held back for it.
func (f *tableFormat) head() error {
	f.headed = true
	_ = f.rule("┌", "┬", "┐") // bufio keeps the first error; the last write returns it
	for i := range f.cols {
		c := newCell([]byte(f.cols[i].Name))
		f.cell(i, c, false)
	}
	_, _ = f.w.WriteString("│\n")
	err := f.rule("├", "┼", "┤")
	for _, cells := range f.held {
		err = f.line(cells)
	}
	f.held = nil
	return err
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

func (f *tableFormat) line(cells []cell) error {
	for i, c := range cells {
		f.cell(i, c, numeric(f.cols[i].Type.Kind))
	}
	_, err := f.w.WriteString("│\n")
	return err
}

func (f *tableFormat) cell(i int, c cell, right bool) {
	pad := strings.Repeat(" ", max(0, f.widths[i]-c.width))
	text := c.text
	if c.null {
		text = f.terminal.dim(text)
	}
	if right {
		text = pad + text
	} else {
		text += pad
	}
	_, _ = f.w.WriteString("│ " + text + " ")
}

// newCell escapes what would move the cursor: a value must not be able to draw on the terminal.
func newCell(value []byte) cell {
	var b strings.Builder
	for _, r := range string(value) {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
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
