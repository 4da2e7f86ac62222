// Package editor is a line editor for input of several lines, as a statement of SQL is, on a terminal of the xterm family.
//
// An Editor owns the terminal while Read runs and only then: between two calls the terminal is in the mode it was found in and nobody
// reads it, so that a pager or another program may. What is typed meanwhile waits in the kernel for the next Read.
//
// # Invariants
//
//  1. The terminal is never asked anything. Where the cursor is follows from what was written: a terminal that answers late, or
//     never, costs no key.
//  2. The cursor stands between two characters as a reader sees them (grapheme clusters), never inside one.
//  3. The text holds no control characters but line breaks and tabs: what is typed or pasted cannot draw on the terminal.
//
// A key becomes a command (key.go), the command changes the text (text.go) or what stands under it (complete.go, recall.go), and the whole
// is laid out in rows (layout.go) and written (screen.go).
package editor
