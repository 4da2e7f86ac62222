// Package types is the vocabulary that every other package shares: SQL kinds and types, values, schemas,
// their PostgreSQL text, comparison and arithmetic of values, compact and order-preserving codecs, Arrow
// batches, and the error that reaches a user.
//
// It knows no syntax, no storage and no streams. PostgreSQL 15 is the specification of everything a user can see: what a text
// means, how a value prints, what an operator returns, which error it raises. The tests ask a real server.
//
// # Invariants
//
//  1. A Value holds what its Kind says and nothing else, in one form: a coefficient that fits int64 is in I, a Span that is
//     zero is not there, the only NaN is nanBits. So two values are Identical exactly if their encodings are equal bytes.
//  2. A Value is in the range of its kind. Parse, Coerce, Cast, arithmetic and the decoders refuse what is not.
//  3. A Value is immutable, what X points to included.
//  4. No text and no bytes make this package panic. What is wrong with them is an *Error with a SQLSTATE.
//  5. Nothing depends on the machine: no clock, no locale, no zone but the one that is handed in; nil stands for UTC.
//
// # Where PostgreSQL differs
//
// Timestamps are counted from 1970 and so end at 294247-01-10 04:00:54.775806, thirty years before PostgreSQL's. The words now,
// today, tomorrow, yesterday and epoch are not read as times. Time zones written as a POSIX rule with a summer time,
// and abbreviations whose meaning has changed (MSK), are refused. Arrays have one dimension and begin at 1. JSONB keeps the text it
// was given, and compares by it. Where PostgreSQL 15 overflows silently (the difference of timestamps 292,000 years apart, the age
// of infinity, a precision that rounds beyond int64) this package returns an error.
//
// # Reading the source
//
// value.go and error.go are the vocabulary; typename.go reads and prints type names. parse.go and text.go are the two doors of
// text, each a switch over the files of the kinds: integer.go, float.go, numeric*.go, datetime*.go with calendar.go and zone*.go,
// interval*.go, bytes.go, json.go, array.go. arith.go, cast.go and compare.go work across kinds. codec.go is the compact
// encoding, key.go and key_read.go the ordered one, batch.go and builder.go the Arrow form.
package types
