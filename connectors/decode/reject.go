package decode

import (
	"fmt"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// maxShown is how many bytes of a value an error shows.
const maxShown = 80

// show returns the value as it stands in the record, shortened.
func (t token) show() string {
	switch t.kind {
	case nullToken:
		return "null"
	case stringToken:
		return `"` + shorten(t.raw) + `"`
	}
	return shorten(t.raw)
}

func shorten(b []byte) string {
	if len(b) <= maxShown {
		return string(b)
	}
	cut := maxShown
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}

// reject is the error for value t of column c, which is of type typ (of its elements, within an array): why says what is wrong with it.
func (c *column) reject(code string, typ types.Type, t token, why string, args ...any) *types.Error {
	return types.Errorf(code, "column %q (%s): %s %s", c.name, typ, t.show(), fmt.Sprintf(why, args...))
}

// wrongType is the reject of a value whose JSON or schema type can never be one of the declared type.
func (c *column) wrongType(typ types.Type, e *encoding, t token) error {
	err := c.reject(types.CodeDatatypeMismatch, typ, t, "is not a value of this type")
	if e.name != "" {
		return err.WithHint("the source writes the column as %s; declare it as the type of the source's column", e.name)
	}
	return err.WithHint("declare the column as the type of the source's column")
}

// misspelled is the reject of a text that is no value of the declared type.
func (c *column) misspelled(code string, typ types.Type, t token) *types.Error {
	return c.reject(code, typ, t, "cannot be read as this type")
}

// outOfRange is the reject of a value that the declared type cannot hold.
func (c *column) outOfRange(code string, typ types.Type, t token) *types.Error {
	return c.reject(code, typ, t, "is out of range")
}

// tooFine is the reject of a value with more digits than the declared type keeps.
func (c *column) tooFine(code string, typ types.Type, t token) *types.Error {
	return c.reject(code, typ, t, "has more digits after the point than the type keeps")
}
