package editor

import (
	"strings"

	"github.com/rivo/uniseg"
)

// tabWidth is what a tab takes: a fixed width, so that a change in a line moves nothing but what follows it.
const tabWidth = 4

// row is one row of the terminal.
type row struct {
	text  string
	width int // columns that text takes
}

// page is a text cut into rows. The cursor has a column of its own also behind a full row.
type page struct {
	rows                    []row
	cursorRow, cursorColumn int
}

// layout cuts s into rows of a terminal with that many columns.
func layout(prompt, more, s string, cursor, columns int) page {
	columns = max(columns, 2) // what is two columns wide must find its place
	p := page{}
	l := line{columns: columns, page: &p}
	l.add(prompt)
	for i := 0; ; {
		if i == cursor {
			l.room(1)
			p.cursorRow, p.cursorColumn = len(p.rows), l.width
		}
		if i == len(s) {
			break
		}
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s[i:], -1)
		switch cluster {
		case "\n":
			l.end()
			l.add(more)
		case "\t":
			l.add(strings.Repeat(" ", tabWidth))
		default:
			l.put(cluster)
		}
		i += len(cluster)
	}
	l.room(1)
	l.end()
	return p
}

// line is the row that is being filled.
type line struct {
	page    *page
	columns int
	text    strings.Builder
	width   int
}

// room ends the row where n more columns do not fit in it.
func (l *line) room(n int) {
	if l.width+n > l.columns {
		l.end()
	}
}

func (l *line) end() {
	l.page.rows = append(l.page.rows, row{l.text.String(), l.width})
	l.text.Reset()
	l.width = 0
}

func (l *line) put(cluster string) {
	w := uniseg.StringWidth(cluster)
	l.room(w)
	l.text.WriteString(cluster)
	l.width += w
}

func (l *line) add(s string) {
	state := -1
	for s != "" {
		var cluster string
		cluster, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		l.put(cluster)
	}
}
