package storage

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// A backup is every key and value of one View, in order: a directory that is made of it is what a crash at that moment would have left, and is recovered as one is. FORMAT.md draws its bytes: a head, frames of
// entries with a checksum each, and an end that counts them, without which it is not whole.

const (
	backupMagic = "asofbk01"
	// frameBytes is about how long a frame is; mostFrame bounds what a reader believes.
	frameBytes = 1 << 20
	mostFrame  = 64 << 20
)

// BackupInfo says what a backup holds.
type BackupInfo struct {
	Seq     uint64 // the last commit in it
	Entries uint64
	Bytes   int64 // of the backup
	sum     uint32
}

// Backup writes all that the newest finished write has left, while others go on. w is written to in order and not closed.
func (db *DB) Backup(ctx context.Context, w io.Writer) (info BackupInfo, err error) {
	v := db.View()
	defer v.Close()
	if v.snap == nil {
		return info, ErrClosed
	}
	seen := chain{keep: db.chain.keep}
	if err := seen.load(v); err != nil {
		return info, err
	}
	info.Seq, info.sum = seen.last.seq, seen.sum
	out := &frameWriter{w: bufio.NewWriterSize(w, frameBytes)}
	out.raw([]byte(backupMagic))
	ends := map[string]bool{}
	for _, s := range globalSpaces {
		ends[string(sentinel(prefix(s)))] = true
	}
	it := v.snap.txn.NewIterator(badger.DefaultIteratorOptions)
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		item := it.Item()
		delete(ends, string(item.Key()))
		err := item.Value(func(value []byte) error { return out.entry(item.Key(), value) })
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			return info, err
		}
		info.Entries++
	}
	if len(ends) > 0 { // the iterator ended early at what it could not read
		return info, db.name(&DamagedError{Detail: "a backup did not meet the ends of all key spaces", Err: ErrShortScan})
	}
	info.Bytes, err = out.end(info)
	return info, err
}

// frameWriter writes a backup. The first error stays.
type frameWriter struct {
	w     *bufio.Writer
	frame []byte
	n     int64
	err   error
}

func (f *frameWriter) raw(b []byte) {
	if f.err == nil {
		_, f.err = f.w.Write(b)
		f.n += int64(len(b))
	}
}

func (f *frameWriter) entry(key, value []byte) error {
	f.frame = binary.AppendUvarint(f.frame, uint64(len(key)))
	f.frame = append(f.frame, key...)
	f.frame = binary.AppendUvarint(f.frame, uint64(len(value)))
	f.frame = append(f.frame, value...)
	if len(f.frame) >= frameBytes {
		f.flush()
	}
	return f.err
}

func (f *frameWriter) flush() {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(f.frame)))
	f.raw(binary.BigEndian.AppendUint32(head, crc32.Checksum(f.frame, castagnoli)))
	f.raw(f.frame)
	f.frame = f.frame[:0]
}

// end writes what is left, and the frame of length 0 with the count behind it.
func (f *frameWriter) end(info BackupInfo) (int64, error) {
	if len(f.frame) > 0 {
		f.flush()
	}
	f.flush()
	last := binary.BigEndian.AppendUint64(nil, info.Seq)
	last = binary.BigEndian.AppendUint32(last, info.sum)
	last = binary.BigEndian.AppendUint64(last, info.Entries)
	f.raw(binary.BigEndian.AppendUint32(last, crc32.Checksum(last, castagnoli)))
	return f.n, errors.Join(f.err, f.w.Flush())
}

// errBackup is the sentinel of a backup that is not whole; the error says what is wrong with it.
var errBackup = errors.New("the backup is damaged")

// readBackup reads a backup to its end and calls each for its entries, whose bytes are valid until it returns.
func readBackup(r io.Reader, each func(key, value []byte) error) (info BackupInfo, err error) {
	in := bufio.NewReaderSize(r, frameBytes)
	damaged := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{errBackup}, args...)...)
	}
	read := func(b []byte) error {
		n, err := io.ReadFull(in, b)
		info.Bytes += int64(n)
		if err != nil {
			return damaged("it ends after %d bytes", info.Bytes)
		}
		return nil
	}
	magic := make([]byte, len(backupMagic))
	if err := read(magic); err != nil {
		return info, err
	}
	if string(magic) != backupMagic {
		return info, damaged("it does not begin as one")
	}
	var head [8]byte
	var frame []byte
	for {
		if err := read(head[:]); err != nil {
			return info, err
		}
		n := binary.BigEndian.Uint32(head[:])
		if n > mostFrame {
			return info, damaged("a frame of %d bytes before byte %d", n, info.Bytes)
		}
		if cap(frame) < int(n) {
			frame = make([]byte, n)
		}
		frame = frame[:n]
		if err := read(frame); err != nil {
			return info, err
		}
		if crc32.Checksum(frame, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
			return info, damaged("a frame that ends at byte %d has a wrong checksum", info.Bytes)
		}
		if n == 0 {
			break
		}
		for rest := frame; len(rest) > 0; info.Entries++ {
			var key, value []byte
			var ok bool
			if key, rest, ok = cutField(rest); ok {
				value, rest, ok = cutField(rest)
			}
			if !ok {
				return info, damaged("an entry before byte %d is cut", info.Bytes)
			}
			if err := each(key, value); err != nil {
				return info, err
			}
		}
	}
	last := make([]byte, 8+4+8+4)
	if err := read(last); err != nil {
		return info, err
	}
	if crc32.Checksum(last[:20], castagnoli) != binary.BigEndian.Uint32(last[20:]) {
		return info, damaged("its end has a wrong checksum")
	}
	if n := binary.BigEndian.Uint64(last[12:]); n != info.Entries {
		return info, damaged("it has %d entries instead of %d", info.Entries, n)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return info, damaged("there is more behind its end")
	}
	info.Seq, info.sum = binary.BigEndian.Uint64(last), binary.BigEndian.Uint32(last[8:])
	return info, nil
}

func cutField(b []byte) (field, rest []byte, ok bool) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, nil, false
	}
	return b[k : k+int(n)], b[k+int(n):], true
}

// CheckBackup reads a backup to its end; an error says where it is damaged.
func CheckBackup(r io.Reader) (BackupInfo, error) {
	return readBackup(r, func([]byte, []byte) error { return nil })
}

// Restore makes a data directory of a backup, which it reads twice: to check it, and to write. dir must be missing or empty, and is there, whole, once Restore has returned nil; what a crash leaves is beside it, under
// a name of its own, and is removed by the next Restore.
func Restore(ctx context.Context, dir string, backup io.ReadSeeker, o Options) (info BackupInfo, err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return info, fmt.Errorf("%s is not empty: a backup is restored to a directory of its own", dir)
	}
	if info, err = CheckBackup(backup); err != nil {
		return info, err
	}
	if _, err := backup.Seek(0, io.SeekStart); err != nil {
		return info, err
	}
	made := filepath.Clean(dir) + ".restoring"
	if err := os.RemoveAll(made); err != nil {
		return info, err
	}
	if err := fillFrom(ctx, made, backup, o); err != nil {
		return info, errors.Join(err, os.RemoveAll(made))
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
		return info, err
	}
	if err := os.Rename(made, dir); err != nil {
		return info, err
	}
	return info, syncDir(filepath.Dir(filepath.Clean(dir)))
}

// openEmpty opens a new directory and leaves it without the first commit that Open makes: the backup has the chain's links.
func (db *DB) openEmpty() (err error) {
	if err := makeDir(db.dir); err != nil {
		return err
	}
	if db.lock, err = lockDir(db.dir, db.opt.Owner); err != nil {
		return err
	}
	if err := checkFormat(db.dir); err != nil {
		return err
	}
	if err := prepare(db.dir); err != nil {
		return err
	}
	if err := db.openTree(); err != nil {
		return err
	}
	db.head, err = openHead(db.dir)
	return err
}

// fillFrom writes a backup into a new directory.
func fillFrom(ctx context.Context, dir string, backup io.Reader, o Options) (err error) {
	db := newDB(dir, o)
	if err := db.openEmpty(); err != nil {
		return errors.Join(db.name(err), db.abandon())
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	txn := db.bdb.NewTransaction(true)
	defer func() { txn.Discard() }()
	info, err := readBackup(backup, func(key, value []byte) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		e := badger.NewEntry(append([]byte(nil), key...), append([]byte(nil), value...))
		err := txn.SetEntry(e)
		if errors.Is(err, badger.ErrTxnTooBig) {
			if err = txn.Commit(); err == nil {
				txn = db.bdb.NewTransaction(true)
				err = txn.SetEntry(e)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := txn.Commit(); err != nil {
		return err
	}
	return db.head.write(info.Seq, info.sum)
}
