// Package copydata has the three formats of PostgreSQL's COPY: text, csv and binary, byte for byte as PostgreSQL writes them and as strict as it reads them.
package copydata

import (
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// Format is one of COPY's formats.
type Format string

const (
	Text   Format = "text"
	CSV    Format = "csv"
	Binary Format = "binary"
)

// CodeBadFormat is the SQLSTATE of data that is not in its format.
const CodeBadFormat = "22P04"

// Options are those of COPY. Defaults fills in what was not said.
type Options struct {
	Format    Format
	Delimiter string // one byte
	Null      string
	NullSaid  bool
	Header    string // "", "on", or "match": read, and compared with the columns' names
	Quote     string
	Escape    string
	// ForceQuote, ForceNotNull and ForceNull say for each column whether it is meant.
	ForceQuote, ForceNotNull, ForceNull []bool
	Zone                                *time.Location
}

// Defaults fills in what was not said and refuses what does not go together, in PostgreSQL's words.
func (o *Options) Defaults(from bool) error {
	bad := func(code, format string, args ...any) error { return types.Errorf(code, format, args...) }
	if o.Format == "" {
		o.Format = Text
	}
	csv := o.Format == CSV
	if o.Format == Binary {
		switch {
		case o.Delimiter != "":
			return bad(types.CodeSyntax, "cannot specify DELIMITER in BINARY mode")
		case o.NullSaid:
			return bad(types.CodeSyntax, "cannot specify NULL in BINARY mode")
		case o.Header != "":
			return bad(types.CodeNotSupported, "cannot specify HEADER in BINARY mode")
		}
	}
	if o.Delimiter == "" {
		o.Delimiter = "\t"
		if csv {
			o.Delimiter = ","
		}
	}
	if !o.NullSaid && !csv {
		o.Null = `\N`
	}
	if csv && o.Quote == "" {
		o.Quote = `"`
	}
	if csv && o.Escape == "" {
		o.Escape = o.Quote
	}
	switch {
	case len(o.Delimiter) != 1:
		return bad(types.CodeNotSupported, "COPY delimiter must be a single one-byte character")
	case strings.ContainsAny(o.Delimiter, "\r\n"):
		return bad(types.CodeInvalidParameter, "COPY delimiter cannot be newline or carriage return")
	case strings.ContainsAny(o.Null, "\r\n"):
		return bad(types.CodeInvalidParameter, "COPY null representation cannot use newline or carriage return")
	case !csv && strings.ContainsAny(o.Delimiter, "\\.abcdefghijklmnopqrstuvwxyz0123456789"):
		return bad(types.CodeInvalidParameter, "COPY delimiter cannot be \"%s\"", o.Delimiter)
	case !csv && o.Quote != "":
		return bad(types.CodeNotSupported, "COPY quote available only in CSV mode")
	case csv && len(o.Quote) != 1:
		return bad(types.CodeNotSupported, "COPY quote must be a single one-byte character")
	case csv && o.Delimiter == o.Quote:
		return bad(types.CodeInvalidParameter, "COPY delimiter and quote must be different")
	case !csv && o.Escape != "":
		return bad(types.CodeNotSupported, "COPY escape available only in CSV mode")
	case csv && len(o.Escape) != 1:
		return bad(types.CodeNotSupported, "COPY escape must be a single one-byte character")
	case !csv && o.ForceQuote != nil:
		return bad(types.CodeNotSupported, "COPY force quote available only in CSV mode")
	case from && o.ForceQuote != nil:
		return bad(types.CodeNotSupported, "COPY force quote only available using COPY TO")
	case !csv && o.ForceNotNull != nil:
		return bad(types.CodeNotSupported, "COPY force not null available only in CSV mode")
	case !from && o.ForceNotNull != nil:
		return bad(types.CodeNotSupported, "COPY force not null only available using COPY FROM")
	case !csv && o.ForceNull != nil:
		return bad(types.CodeNotSupported, "COPY force null available only in CSV mode")
	case !from && o.ForceNull != nil:
		return bad(types.CodeNotSupported, "COPY force null only available using COPY FROM")
	case !from && o.Header == "match":
		return bad(types.CodeNotSupported, "cannot use \"match\" with HEADER in COPY TO")
	case strings.Contains(o.Null, o.Delimiter):
		return bad(types.CodeInvalidParameter, "COPY delimiter must not appear in the NULL specification")
	case csv && strings.Contains(o.Null, o.Quote):
		return bad(types.CodeInvalidParameter, "CSV quote character must not appear in the NULL specification")
	}
	return nil
}

// Header reads the value of the option HEADER.
func Header(value string) (string, error) {
	switch strings.ToLower(value) {
	case "", "true", "on", "1":
		return "on", nil
	case "false", "off", "0":
		return "", nil
	case "match":
		return "match", nil
	}
	return "", types.Errorf(types.CodeSyntax, "header requires a Boolean value or \"match\"")
}

func forced(list []bool, column int) bool { return column < len(list) && list[column] }

// Marks says for each of the columns whether it is among the names; a name that is none of theirs is an error.
func Marks(option string, names []string, columns []types.Column) ([]bool, error) {
	marks := make([]bool, len(columns))
	for _, name := range names {
		i := slices.IndexFunc(columns, func(c types.Column) bool { return c.Name == name })
		if i < 0 {
			return nil, types.Errorf(types.CodeInvalidColumnRef, "%s column \"%s\" not referenced by COPY", option, name)
		}
		marks[i] = true
	}
	return marks, nil
}
