// Package storage keeps bytes on Badger: the stream log, meta values, rejects and publications in durable, atomic commits, and the state
// derived from them: rows, roots, chunks and directories of entity logs. It knows nothing of SQL or of changes, and it alone imports Badger. FORMAT.md
// draws the bytes.
//
//   - DB is an open data directory; one process has it at a time.
//   - Batch gathers one commit; DB.Commit makes it durable, whole or not at all.
//   - Derived writes derived state: in order, in steps, not atomic. Whoever reads the log again may write it again.
//   - View is a consistent snapshot for reading, and costs next to nothing.
//
// # Key spaces
//
// The first byte of a key is its space. Numbers are big-endian and times have their sign bit flipped, so that keys order as what they say.
//
//	c  chain         sequence
//	m  meta          text
//	l  stream log    source, c of the block's newest change, sequence of the commit, ordinal
//	j  rejects       source, sequence of the commit, ordinal
//	p  publications  source, wall clock / 100 ms
//	r  rows          source, key tuple
//	e  roots         slot, entity type, key tuple, group
//	k  chunks        slot, entity type, key tuple, group, class, c of the newest entry, ordinal
//	d  directories   slot, entity type, key tuple, group, class, level, ordinal
//	o  pieces        the key of a value that is too long to be whole, ordinal
//
// # Invariants
//
//  1. Every write is one synced Badger transaction (SyncWrites, never WriteBatch, which is not atomic; never db.Sync, which skips
//     write-ahead logs that have rotated). One writer at a time.
//  2. Every transaction carries one link of the commit chain: its sequence, the checksum of the link before, that of its own content. The
//     links kept reach back further than all write-ahead logs together can hold.
//  3. HEAD names the last transaction once it is durable, before it is acknowledged. It is never newer than what is durable.
//  4. Open refuses a directory whose chain has a gap, or ends before HEAD. Badger replays newer logs over a hole without a word.
//  5. Files are inspected before Badger opens them, and a directory that is refused by the inspection is left as it was: Badger cuts logs at damage,
//     deletes tables that its manifest does not name, leaves out tables that do not check, and ends the process on some.
//  6. The last key of each space, or of each source in it, is a sentinel. A scan that ends without meeting a key behind its range is
//     an error (ErrShortScan), for Badger's iterators end early at what they cannot read.
//  7. No value reaches Badger's value log, whose failed syncs are only logged: longer values are cut into pieces.
//  8. A transaction is only begun if it fits and the disk has room, so a refusal (TooBigError, SpaceError) has written nothing. Badger
//     writes through memory maps: on a full disk the process would die.
//  9. After a failed write nothing is written any more (FatalError): what reached the disk is not known.
//  10. What a View returns was there when it was opened, all of it and nothing else. Close of the DB waits for open views.
//
// # Caveats
//
// Commits cost a sync each, 0.3 ms or more: batch. Drops delete key by key, in steps that commits go between; the disk space comes back with
// compaction. Tables are read and checked whole when a directory is opened. Damage of a table while it is open is found only by what reads
// it, or at the next Open. Tables have the mode that the umask leaves; what closes them to others is the directory's 0700.
package storage
