// Package decode turns the bytes of records into the events of an engine: Debezium's change envelopes as
// JSON, whole or flattened, rows by the record's key, plain JSON objects, and CSV lines.
//
// A decoder serves one source and one goroutine. It knows the declared columns and nothing else of the engine; whatever a
// record lacks or says wrongly is returned as an error in words for the user (a *types.Error) and leaves the decoder as it was.
//
// Invariants:
//
//  1. A record is decoded only if all of it is valid JSON (RFC 8259) in valid UTF-8, with nothing behind it. Nothing is read leniently.
//  2. No value passes through float64 unless its column is REAL or DOUBLE PRECISION. A value that does not fit its declared type to the
//     last digit is an error and never rounded, cut or wrapped.
//  3. What has two readings is an error that names both and the option that decides, never a guess: an integer
//     that is a timestamp in milliseconds or in microseconds, a text that is a decimal in base64 or in digits.
//  4. An image (Event.Before, Event.After) belongs to the consumer and stays as it is for ever. Strings in it either point into
//     the record, and are then valid as long as the record's bytes are, or into memory that is written once.
//  5. What is remembered between records (the order of members, schemas, names) makes decoding faster and never changes what
//     it returns, with one exception: without the option table the first table seen becomes the source's.
//
// Reading order: debezium.go (one record from its bytes to an Event), image.go, value.go and the files of the
// types it calls; below them scan.go and shape.go, the JSON scanner.
package decode
