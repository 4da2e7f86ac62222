package storage

import (
	"errors"
	"fmt"
)

// Errors of Open.

// LockedError refuses a directory that another process, or this one, has open.
type LockedError struct {
	Dir   string
	PID   int    // of the process that holds it, 0 where it has not said yet
	Owner string // what that process said it is
}

func (e *LockedError) Error() string {
	by := "another process"
	if e.PID != 0 {
		by = fmt.Sprintf("process %d", e.PID)
		if e.Owner != "" {
			by += " (" + e.Owner + ")"
		}
	}
	return fmt.Sprintf("data directory %s is in use by %s; stop it or choose another directory", e.Dir, by)
}

// VersionError refuses a directory whose format this program does not read.
type VersionError struct {
	Dir   string
	Found string // what the FORMAT file says, "" where there is none
}

func (e *VersionError) Error() string {
	if e.Found == "" {
		return fmt.Sprintf("%s holds database files but no %s file: it is not a data directory of asof, or the file was deleted", e.Dir, formatFile)
	}
	return fmt.Sprintf("data directory %s has format %q, this program reads %q; use the version of asof that wrote it", e.Dir, e.Found, formatText)
}

// DamagedError refuses a directory that has lost something that was acknowledged, or may have. Nothing
// is deleted: the files stay as they were found, for a backup or a repair.
type DamagedError struct {
	Dir string
	// From and To are the first and the last commit that are missing, 0 where that is not known.
	From, To uint64
	Detail   string
	Err      error
}

func (e *DamagedError) Error() string {
	s := fmt.Sprintf("data directory %s is damaged: %s", e.Dir, e.Detail)
	switch {
	case e.From != 0 && e.To != 0:
		s += fmt.Sprintf(" (commits %d to %d are missing)", e.From, e.To)
	case e.From != 0:
		s += fmt.Sprintf(" (commits from %d on are missing)", e.From)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s + "; restore a backup or rebuild it from the source"
}

func (e *DamagedError) Unwrap() error { return e.Err }

// Errors of Open and of writing.

// SpaceError refuses to write because the disk is nearly full. Nothing was written: try again when there is space.
type SpaceError struct {
	Dir        string
	Free, Need int64
	// Ballast is a file that may be deleted to make room at once, "" where there is none.
	Ballast string
}

func (e *SpaceError) Error() string {
	s := fmt.Sprintf("the disk of %s has %d MiB left, %d MiB must stay free; free some space",
		e.Dir, e.Free>>20, (e.Need+1<<20-1)>>20)
	if e.Ballast != "" {
		s += " (deleting " + e.Ballast + " helps for the moment)"
	}
	return s
}

// TooBigError refuses a batch that does not fit one transaction. Nothing was written.
type TooBigError struct {
	Bytes, Limit         int
	Entries, EntryLimits int
}

func (e *TooBigError) Error() string {
	if e.Bytes > e.Limit {
		return fmt.Sprintf("a commit of %d bytes is larger than the %d that fit one transaction; write smaller batches or set a larger memtable", e.Bytes, e.Limit)
	}
	return fmt.Sprintf("a commit of %d entries is larger than the %d that fit one transaction; write smaller batches or set a larger memtable", e.Entries, e.EntryLimits)
}

// FatalError is returned by every write once a write has failed: what reached the disk is not known any more, so
// that nothing but opening the directory anew, in a new process, may go on. Reads still work.
type FatalError struct{ Err error }

func (e *FatalError) Error() string {
	return fmt.Sprintf("a write to the data directory failed, so nothing more can be written until the process is restarted: %v", e.Err)
}

func (e *FatalError) Unwrap() error { return e.Err }

// ErrClosed is returned by every use of a closed DB.
var ErrClosed = errors.New("the data directory is closed")

// Errors of reading.

// ErrShortScan is wrapped by the error of a scan that ended before the key that ends its range: something
// between is unreadable, or the source was never added.
var ErrShortScan = errors.New("a scan ended before the end of its range")

// ErrStop is returned by the function that a scan calls to end the scan early, without an error.
var ErrStop = errors.New("stop the scan")

// A TornValueError reports a value kept in pieces of which some are missing or changed.
type TornValueError struct{ Key []byte }

func (e *TornValueError) Error() string {
	return fmt.Sprintf("the pieces of the value of key %x do not fit together", e.Key)
}
