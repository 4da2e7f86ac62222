// Package pgwire is the door for PostgreSQL's clients: it speaks their protocol, version 3, and hands what they ask for to sessions of the engine.
//
// The files in the order of a connection's life: server.go (who is let in, and how it ends), startup.go and auth.go (until the client is known), frame.go and
// output.go (bytes), conn.go (the loop over messages), simple.go, extended.go and copy.go (the three subprotocols), result.go, param.go and the encodings
// of values below them. Messages are encoded and decoded by pgproto3; frames are read here, because a peer's length must not decide what is allocated.
//
// What holds:
//
//  1. One goroutine owns a connection, its session and its buffers. Others may only cancel what runs, add a notice, and close the socket.
//  2. A value is the engine's: its text is types.AppendTextIn in the session's zone, its binary form is that of PostgreSQL 15 for the OID that was described.
//  3. Execute never sends a RowDescription; Describe may come before or after Bind.
//  4. After an error in the extended protocol everything up to the next Sync is skipped. After an error in the simple one the rest of the script is.
//  5. A client that does not read stops its own statement, at 32 KiB of unsent output, and is cut off when nothing moves for Options.WriteTimeout.
//  6. A client that is gone ends its statement within a second.
//  7. Before a client is known, it can make the server keep no more than a startup packet of 10,000 bytes for ten seconds.
//  8. Portals die with their transaction, the unnamed ones earlier, as in PostgreSQL. Named statements and cursors are the session's, so that SQL sees them too.
//
// It has no COPY BOTH, no replication, no function calls and no GSSAPI.
package pgwire
