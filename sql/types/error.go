package types

import "fmt"

// Error is an error that reaches a user: it says what was wrong, where in the statement, and how to mend it.
type Error struct {
	// Code is the SQLSTATE, five characters.
	Code string
	// Message is one sentence without a full stop, as PostgreSQL writes them.
	Message string
	// Detail and Hint are optional; a Hint says what to write instead.
	Detail, Hint string
	// Pos is the byte offset in the statement's text plus one; 0 where no place is known.
	Pos int
	// Len is the number of bytes the caret underlines; 0 means one.
	Len int
	// Err is the cause, if there is one.
	Err error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.Err }

// Errorf returns an Error with a SQLSTATE and a message, without a place.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns e with the place set, unless it has one already: the innermost place is the right one.
func (e *Error) At(pos, length int) *Error {
	if e.Pos == 0 {
		e.Pos, e.Len = pos+1, length
	}
	return e
}

// WithHint returns e with its hint set.
func (e *Error) WithHint(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// SQLSTATE codes used by asof, by the names PostgreSQL gives them.
const (
	CodeSyntax              = "42601"
	CodeNotSupported        = "0A000"
	CodeUndefinedTable      = "42P01"
	CodeUndefinedColumn     = "42703"
	CodeUndefinedFunction   = "42883"
	CodeUndefinedObject     = "42704"
	CodeAmbiguousColumn     = "42702"
	CodeDuplicateTable      = "42P07"
	CodeDuplicateColumn     = "42701"
	CodeDuplicateAlias      = "42712"
	CodeDatatypeMismatch    = "42804"
	CodeGrouping            = "42803"
	CodeWindowing           = "42P20"
	CodeInvalidParameter    = "22023"
	CodeInvalidText         = "22P02"
	CodeOutOfRange          = "22003"
	CodeDatetimeFormat      = "22007"
	CodeDatetimeOverflow    = "22008"
	CodeZoneOutOfRange      = "22009"
	CodeIntervalOverflow    = "22015"
	CodeDivisionByZero      = "22012"
	CodeStringTooLong       = "22001"
	CodeBadUTF8             = "22021"
	CodeNotNull             = "23502"
	CodeNotReady            = "55000" // later than the frontier, before the history, source stopped
	CodeInUse               = "55006"
	CodePrivilege           = "42501"
	CodeInvalidPassword     = "28P01"
	CodeInvalidUser         = "28000"
	CodeDependents          = "2BP01"
	CodeCanceled            = "57014"
	CodeDiskFull            = "53100"
	CodeOutOfMemory         = "53200"
	CodeTooComplex          = "54001"
	CodeBadFile             = "58P01"
	CodeIO                  = "58030"
	CodeConnection          = "08001" // a server that we are a client of does not answer
	CodeCorrupted           = "XX001"
	CodeInternal            = "XX000"
	CodeInvalidSource       = "HV000" // a source's input cannot be read as declared
	CodeIndeterminateType   = "42P18"
	CodeWrongObjectType     = "42809"
	CodeInvalidColumnRef    = "42P10"
	CodeReadOnly            = "25006"
	CodeDuplicateObject     = "42710"
	CodeInvalidTableDef     = "42P16"
	CodeInvalidFunctionDef  = "42P13"
	CodeCardinality         = "21000"
	CodeConfigLimitExceeded = "53400"
	CodeCannotCoerce        = "42846"
	CodeInvalidEscape       = "22025"
	CodeLogArgument         = "2201E"
	CodePowerArgument       = "2201F"
)
