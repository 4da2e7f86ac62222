package syntax

// Parse parses a script of statements separated by semicolons; offsets are into text. An error is a *types.Error with a place;
// the statements before the faulty one are returned with it, so that a script runs up to its first error.
func Parse(text string) ([]Statement, error) { panic("todo") }

// SplitStatement returns the first complete statement of text (through its semicolon) and the rest; complete is false where text ends inside
// a statement, a string, a quoted name or a comment. Shells use it to know when to run.
func SplitStatement(text string) (stmt, rest string, complete bool) { panic("todo") }

// QuoteIdent prints a name so that Parse reads it back: quoted only where it must be.
func QuoteIdent(name string) string { panic("todo") }
