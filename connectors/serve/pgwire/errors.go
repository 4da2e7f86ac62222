package pgwire

import (
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// SQLSTATEs of the protocol.
const (
	codeProtocol       = "08P01"
	codeInvalidUser    = "28000"
	codeBadPassword    = "28P01"
	codeTooMany        = "53300"
	codeShutdown       = "57P01"
	codeNoPortal       = "34000"
	codeDuplicateName  = "42P03"
	codeNoParameter    = "42P02"
	codeBadBinary      = "22P03"
	codeNotInFailed    = "25P02"
	codeConfigExceeded = types.CodeConfigLimitExceeded
)

func errCanceled() error {
	return types.Errorf(types.CodeCanceled, "canceling statement due to user request")
}

func errGone() error { return types.Errorf("08006", "the client has gone") }

func errShutdown() error {
	return types.Errorf(codeShutdown, "terminating connection due to administrator command")
}

// response is an error as the client is told it. script is the text that the client sent; positions count its characters.
func response(err error, severity string, script text) *pgproto3.ErrorResponse {
	var e *types.Error
	if !errors.As(err, &e) {
		e = types.Errorf(types.CodeInternal, "%s", err)
	}
	m := &pgproto3.ErrorResponse{Severity: severity, SeverityUnlocalized: severity, Code: e.Code, Message: clean(e.Message), Detail: clean(e.Detail), Hint: clean(e.Hint)}
	if e.Pos > 0 {
		m.Position = int32(script.character(e.Pos - 1))
	}
	return m
}

// text is a statement and where in the script it began.
type text struct {
	script string
	offset int
}

// textOf is the text of a prepared statement. What stood before it in the script is not kept, and counts as so many characters.
func textOf(p *engine.Prepared) text {
	if p == nil {
		return text{}
	}
	return text{p.Statement().Text, p.Statement().Offset}
}

// character is the number, from 1, of the character at a byte of the script.
func (t text) character(at int) int {
	n := min(at-t.offset, len(t.script))
	if n < 0 {
		return at + 1
	}
	return t.offset + utf8.RuneCountInString(t.script[:n]) + 1
}

// notice is a notice as the client is told it.
func notice(n engine.Notice) *pgproto3.NoticeResponse {
	severity, code := n.Severity, n.Code
	if severity == "" {
		severity = "NOTICE"
	}
	if code == "" {
		code = "00000"
	}
	return &pgproto3.NoticeResponse{Severity: severity, SeverityUnlocalized: severity, Code: code, Message: clean(n.Message), Hint: clean(n.Hint)}
}

// clean cuts a string where the protocol would end it.
func clean(s string) string {
	for i := range len(s) {
		if s[i] == 0 {
			return s[:i]
		}
	}
	return s
}

func itoa(i int) string { return strconv.Itoa(i) }
