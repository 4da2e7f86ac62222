package storage

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

// head is the HEAD file: the sequence of the last commit and the checksum of its link. It is written after each
// commit is durable and before it is acknowledged, and never synced: after a kill it is exact, after a power cut it may be older,
// it is never newer than what was durable. So a chain that ends before it has lost acknowledged commits, which a damaged
// end of the newest write-ahead log would otherwise hide.
type head struct{ f *os.File }

const headLen = 8 + 4 + 4 // sequence, checksum of the link, checksum of both

func openHead(dir string) (*head, error) {
	f, err := os.OpenFile(filepath.Join(dir, headFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return &head{f: f}, nil
}

func (h *head) write(seq uint64, sum uint32) error {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, headLen), seq)
	b = binary.BigEndian.AppendUint32(b, sum)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	_, err := h.f.WriteAt(b, 0)
	return err
}

func (h *head) close() error { return h.f.Close() }

// readHead returns what the HEAD file says. A missing or torn file says nothing: a power cut may leave one.
func readHead(dir string) (seq uint64, sum uint32, ok bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, headFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, false, nil
	}
	if err != nil {
		return 0, 0, false, fmt.Errorf("read %s: %w", headFile, err)
	}
	if len(b) != headLen || crc32.Checksum(b[:12], castagnoli) != binary.BigEndian.Uint32(b[12:]) {
		return 0, 0, false, nil
	}
	return binary.BigEndian.Uint64(b), binary.BigEndian.Uint32(b[8:]), true, nil
}

// checkHead compares the chain that was read with the HEAD file.
func (c *chain) checkHead(dir string) error {
	seq, sum, ok, err := readHead(dir)
	switch {
	case err != nil || !ok:
		return err
	case seq > c.last.seq:
		return &DamagedError{From: c.last.seq + 1, To: seq, Detail: "the newest commits are lost"}
	case seq == c.last.seq && sum != c.sum:
		return &DamagedError{Detail: fmt.Sprintf("commit %d is not the one that was acknowledged", seq)}
	}
	return nil
}
