// Package storage keeps bytes on Badger: the stream log, meta values, rejects and publications in durable atomic commits, and state
// derived from them. It knows nothing of SQL or of changes, and it alone imports Badger.
package storage
