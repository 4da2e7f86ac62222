// Package resp serves features to clients of Redis: an entity is a hash, features:customer:42, whose fields are the columns of its features.
//
// A Server accepts connections; a conn reads requests (request.go), runs commands (command.go and the files named after what they hold) and appends replies
// (reply.go) in RESP2 or, after HELLO 3, in RESP3. Keys are read and written in key.go. Everything is read through engine's EntityReader;
// values are the text that PostgreSQL would give them, as bulk strings in either protocol, and a NULL is a field that is not there.
//
// What Redis answers, errors included, is answered in its words. Nothing is written here: features are defined in SQL.
//
// Invariants:
//
//  1. What a connection holds is bounded: one request (Options.MaxRequest), the requests queued by MULTI, and a reply of at most one command beyond
//     a chunk of output. Nothing is allocated by a length that a peer has merely announced.
//  2. Replies leave in the order of the requests, in one write for all requests that came together.
//  3. A connection that does not read is closed when one chunk of output has waited for Options.WriteTimeout, one that does not finish the
//     request it has begun after Options.RequestTimeout. No snapshot of the engine is held while a reply is written.
//  4. Before it has authenticated itself, where that is asked for, a connection can send requests of ten arguments of 16 kB at most, and has RequestTimeout to do it.
//  5. A hash is read at one moment, the commands between MULTI and EXEC at one for all of them.
//
// The codec is our own: it is small, and RESP3, the bounds before authentication and one flush for a pipeline are its whole content.
package resp
