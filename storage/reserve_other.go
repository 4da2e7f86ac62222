//go:build !linux

package storage

import "os"

// reserve takes size bytes of the disk for f by writing them, for a hole would take none.
func reserve(f *os.File, size int64) error {
	block := make([]byte, 1<<20)
	for done := int64(0); done < size; done += int64(len(block)) {
		if _, err := f.WriteAt(block[:min(int64(len(block)), size-done)], done); err != nil {
			return err
		}
	}
	return f.Sync()
}
