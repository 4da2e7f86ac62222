// Package types is the vocabulary that every other package shares: SQL kinds and types, values, schemas,
// their PostgreSQL text, comparison and arithmetic of values, compact and order-preserving codecs, Arrow
// batches, and the error that reaches a user.
//
// It knows no syntax, no storage and no streams.
package types
