package storage

import (
	"os"

	"golang.org/x/sys/unix"
)

// reserve takes size bytes of the disk for f without writing them.
func reserve(f *os.File, size int64) error { return unix.Fallocate(int(f.Fd()), 0, 0, size) }
