package editor

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"
)

// screen knows what the editor has drawn: rows from its first one down, of which the terminal shows the last ones when they do not fit.
type screen struct {
	size func() (columns, rows int)

	drawn  []row // what stands on the terminal now
	cursor int   // the row of drawn in which the cursor is
	column int
	top    int // the first row of the text that is shown, where it is taller than the terminal
}

// begin forgets what was drawn: the next row is written where the cursor is.
func (s *screen) begin() { s.drawn, s.cursor, s.column, s.top = nil, 0, 0, 0 }

// paint returns what draws the text, and what stands below it, over what was drawn before.
func (s *screen) paint(prompt, more string, t *text, below []string) string {
	columns, height := s.size()
	p := layout(prompt, more, t.s, t.cursor, columns)
	menu := menuRows(below, columns, min(max(height/2, height-len(p.rows)), height-1))
	room := max(1, height-len(menu))
	s.top = min(max(s.top, p.cursorRow-room+1, 0), p.cursorRow, max(0, len(p.rows)-room))
	rows := p.rows[s.top:min(len(p.rows), s.top+room)]
	return s.draw(append(rows[:len(rows):len(rows)], menu...), p.cursorRow-s.top, p.cursorColumn, columns)
}

// leave returns what draws the whole text, with a mark behind it, and moves below it.
func (s *screen) leave(prompt, more, text, mark string) string {
	columns, _ := s.size()
	p := layout(prompt, more, text+mark, len(text+mark), columns)
	if n := len(p.rows); n > 1 && p.rows[n-1].width == 0 {
		p.rows = p.rows[:n-1] // it was there for the cursor
	}
	out := s.draw(p.rows, len(p.rows)-1, 0, columns) + "\r\n"
	s.begin()
	return out
}

// erase returns what takes everything off the terminal; the cursor is where the first row was.
func (s *screen) erase() string {
	columns, _ := s.size()
	out := s.home(columns) + "\x1b[J"
	top := s.top
	s.begin()
	s.top = top
	return out
}

// home moves to the first row. A terminal that has become narrower since has broken rows in two.
func (s *screen) home(columns int) string {
	up := 0
	for i := range s.cursor {
		up += max(1, (s.drawn[i].width+columns-1)/columns)
	}
	if columns > 0 {
		up += s.column / columns
	}
	if up == 0 {
		return "\r"
	}
	return fmt.Sprintf("\r\x1b[%dA", up)
}

// draw returns what writes the rows over the old ones and leaves the cursor in its place. A row is ended by a line break and never by the terminal's own
// wrapping, about which terminals differ; and in a full one nothing is erased, because its last column might be what goes.
func (s *screen) draw(rows []row, cursor, column, columns int) string {
	var b strings.Builder
	b.WriteString(s.home(columns))
	for i, r := range rows {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(r.text)
		if r.width < columns {
			b.WriteString("\x1b[K")
		}
	}
	if last := rows[len(rows)-1]; last.width < columns {
		b.WriteString("\x1b[J")
	}
	if up := len(rows) - 1 - cursor; up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	b.WriteByte('\r')
	if column > 0 {
		fmt.Fprintf(&b, "\x1b[%dC", column)
	}
	s.drawn, s.cursor, s.column = rows, cursor, column
	return b.String()
}

// menuRows sets words side by side, in columns to be read downwards, in at most height rows.
func menuRows(words []string, columns, height int) []row {
	if len(words) == 0 || height < 1 {
		return nil
	}
	widest := 0
	for _, w := range words {
		widest = max(widest, uniseg.StringWidth(w))
	}
	across := max(1, (columns-1)/(widest+2))
	down := (len(words) + across - 1) / across
	left := 0
	if down > height {
		down = max(1, height-1)
		left = len(words) - down*across
		words = words[:down*across]
	}
	rows := make([]row, 0, down+1)
	for r := range down {
		var b strings.Builder
		for c := r; c < len(words); c += down {
			pad := widest + 2 - uniseg.StringWidth(words[c])
			b.WriteString(words[c] + strings.Repeat(" ", pad))
		}
		rows = append(rows, fit(strings.TrimRight(b.String(), " "), columns))
	}
	if left > 0 && height > 1 {
		rows = append(rows, fit(fmt.Sprintf("… and %d more", left), columns))
	}
	return rows
}

// fit cuts s so that it does not fill the row.
func fit(s string, columns int) row {
	var b strings.Builder
	width, state := 0, -1
	for s != "" {
		var cluster string
		var w int
		cluster, s, w, state = uniseg.FirstGraphemeClusterInString(s, state)
		if width+w >= columns {
			break
		}
		b.WriteString(cluster)
		width += w
	}
	return row{b.String(), width}
}
