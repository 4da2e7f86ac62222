package storage

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A write-ahead log of Badger's is 20 bytes of header, entries, and zeros. An entry is
//
//	meta (1) | user meta (1) | key length | value length | expiry (uvarints) | key | value | CRC-32C of all this (4)
//
// where the key ends with 8 bytes of version, and a transaction ends with an entry of its own, before which its entries count for nothing. Badger takes the first entry that does not check as the end of the log, and
// cuts it off there. In an older log that is damage, for it was synced before the next one was begun. In the newest one it
// may be a transaction that a crash has cut and nobody was told about; whether it was acknowledged, HEAD says.

const (
	walHeader   = 20
	walVersion  = 8
	walMaxKey   = 1 << 16
	walMaxValue = 1 << 30
	walCommit   = "!badger!txn" // the key of the entry that ends a transaction
)

// checkWALs looks for damage in the write-ahead logs.
func checkWALs(dir string, files []treeFile) error {
	head, _, known, err := readHead(dir)
	if err != nil {
		return err
	}
	var damaged *DamagedError // whose missing commits end before the next one that is found
	last := uint64(0)         // the newest commit before
	for i, f := range files {
		if !strings.HasSuffix(f.name, ".mem") {
			continue
		}
		s, err := scanWAL(filepath.Join(dir, treeDir, f.name))
		if err != nil {
			return fmt.Errorf("inspect %s: %w", f.name, err)
		}
		if damaged != nil && s.first != 0 {
			damaged.To = s.first - 1
			return damaged
		}
		last = max(last, s.last)
		newest := !slices.ContainsFunc(files[i+1:], func(f treeFile) bool { return strings.HasSuffix(f.name, ".mem") })
		if s.clean || newest && !(known && last != 0 && head > last) {
			continue
		}
		if damaged == nil {
			damaged = &DamagedError{Detail: fmt.Sprintf("the write-ahead log %s is damaged at byte %d", filepath.Join(treeDir, f.name), s.end)}
			if last != 0 {
				damaged.From = last + 1
			}
		}
	}
	if damaged == nil {
		return nil
	}
	if known && head > last {
		damaged.To = head
	}
	return damaged
}

// walState is what a scan of a write-ahead log has found.
type walState struct {
	end         int64  // where the last whole transaction ends
	first, last uint64 // the commits of ours up to there, 0 for none
	clean       bool   // nothing but zeros follows
}

func scanWAL(path string) (s walState, err error) {
	f, err := os.Open(path)
	if err != nil {
		return s, err
	}
	defer f.Close()
	r := &walReader{r: bufio.NewReaderSize(f, 1<<20)}
	if _, err := r.r.Discard(walHeader); err != nil {
		return walState{clean: true}, nil // cut before anything was written
	}
	s.end = walHeader
	at, link := s.end, uint64(0)
	for {
		k, n := r.entry()
		if n == 0 {
			break
		}
		at += int64(n)
		k = k[:len(k)-walVersion]
		if seq, ok := linkSeq(k); ok && !r.deletes {
			link = seq
		}
		if string(k) != walCommit {
			continue
		}
		s.end = at
		if s.first == 0 {
			s.first = link
		}
		s.last = max(s.last, link)
	}
	s.clean, err = onlyZeros(f, s.end)
	return s, err
}

// walReader reads entries one by one.
type walReader struct {
	r       *bufio.Reader
	key     []byte
	value   []byte
	deletes bool
}

// entry returns the next entry's key with its version, and its length in the file, 0 where no valid entry follows.
func (w *walReader) entry() (k []byte, n int) {
	var head []byte
	readByte := func() byte {
		b, err := w.r.ReadByte()
		if err != nil {
			return 0
		}
		head = append(head, b)
		return b
	}
	uvarint := func() (u uint64) {
		for shift := 0; shift < 64; shift += 7 {
			b := readByte()
			u |= uint64(b&0x7F) << shift
			if b < 0x80 {
				return u
			}
		}
		return 1 << 63
	}
	meta := readByte()
	readByte()
	klen, vlen := uvarint(), uvarint()
	uvarint() // expiry
	if klen <= walVersion || klen > walMaxKey || vlen > walMaxValue {
		return nil, 0
	}
	w.deletes = meta&1 != 0
	var crc [4]byte
	var ok bool
	if w.key, ok = w.read(w.key, int(klen)); !ok {
		return nil, 0
	}
	if w.value, ok = w.read(w.value, int(vlen)); !ok {
		return nil, 0
	}
	if _, err := io.ReadFull(w.r, crc[:]); err != nil {
		return nil, 0
	}
	sum := crc32.Update(crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, w.key), castagnoli, w.value)
	if sum != binary.BigEndian.Uint32(crc[:]) {
		return nil, 0
	}
	return w.key, len(head) + int(klen) + int(vlen) + 4
}

// read reads n bytes into buf, growing it by what is there rather than by what a damaged length says.
func (w *walReader) read(buf []byte, n int) ([]byte, bool) {
	buf = buf[:0]
	for len(buf) < n {
		step := min(n-len(buf), 1<<20)
		at := len(buf)
		buf = append(buf, make([]byte, step)...)
		if _, err := io.ReadFull(w.r, buf[at:]); err != nil {
			return buf, false
		}
	}
	return buf, true
}

// onlyZeros reports whether nothing but zeros follows in f from off on.
func onlyZeros(f *os.File, off int64) (bool, error) {
	if _, err := f.Seek(off, io.SeekStart); err != nil {
		return false, err
	}
	buf, zeros := make([]byte, 256<<10), make([]byte, 256<<10)
	for {
		n, err := io.ReadFull(f, buf)
		if !bytes.Equal(buf[:n], zeros[:n]) {
			return false, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}
