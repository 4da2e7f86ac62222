package storage

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Options are the knobs of a DB. The zero value works.
type Options struct {
	// MemTableSize is the size of one of up to five memtables, each with a write-ahead log; 0 means 64 MiB. It
	// bounds a commit: 15 % of it.
	MemTableSize int64
	// MinFree is how many bytes of the disk stay free: commits are refused below it. 0 means 256 MiB, -1 no guard.
	MinFree int64
	// BlockCache is the size of Badger's block cache. Blocks are not compressed, so the operating system's cache serves
	// and 0, none, is right unless measured otherwise.
	BlockCache int64
	// Logger receives Badger's warnings and ours; nil discards them.
	Logger *slog.Logger
	// Owner says in the LOCK file who has the directory open, as in "asof sql".
	Owner string

	// freeSpace replaces the file system's answer in tests.
	freeSpace func(dir string) (int64, error)
}

// Format names the layout of a data directory, as its FORMAT file has it; see FORMAT.md.
const Format = "asof storage 1"

// Names in a data directory.
const (
	formatFile  = "FORMAT"  // which layout this is; see FORMAT.md
	lockFile    = "LOCK"    // who has it open
	headFile    = "HEAD"    // the last acknowledged commit
	cleanFile   = "CLEAN"   // what the files were when it was last closed
	ballastFile = "BALLAST" // disk space to give up
	treeDir     = "lsm"     // Badger's files
	strayDir    = "stray"   // tables that Badger's manifest did not name

	formatText = Format + "\n"
)

const defaultMemTable = 64 << 20

// numMemtables is how many memtables wait for being flushed before writes stall, Badger's default.
const numMemtables = 5

// compression is none. Blocks of the log are compressed already; of values like roots snappy saves 11 % and zstd 20 %, while a read that
// is not cached costs 14 and 28 µs of processor time instead of 5 (BenchmarkRoots). Benchmarks replace it.
var compression = options.None

// DB is an open data directory. Its methods may be called by several goroutines at once, but for those of the Batch,
// Derived and View that it hands out.
type DB struct {
	dir       string
	opt       Options
	log       *slog.Logger
	limits    limits
	lock      *dirLock
	guard     *guard
	bdb       *badger.DB
	snapshots *snapshots
	trouble   *trouble

	writing sync.Mutex // one writer at a time; guards all below
	chain   chain
	head    *head
	fatal   error
	closed  bool

	closing  sync.Once
	closeErr error
}

// Open opens a data directory, and makes one of a directory that is missing or empty. It returns a *LockedError, *VersionError, *SpaceError or
// *DamagedError where that is the reason why it cannot, and has then deleted nothing.
func Open(dir string, o Options) (*DB, error) {
	db := newDB(dir, o)
	if err := db.open(); err != nil {
		err = db.name(err)
		return nil, errors.Join(err, db.abandon())
	}
	return db, nil
}

func newDB(dir string, o Options) *DB {
	if o.MemTableSize == 0 {
		o.MemTableSize = defaultMemTable
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	db := &DB{dir: dir, opt: o, log: o.Logger, guard: newGuard(dir, o), trouble: &trouble{log: o.Logger}}
	db.chain.keep = uint64((numMemtables + 2) * o.MemTableSize)
	return db
}

func newGuard(dir string, o Options) *guard {
	g := &guard{dir: dir, free: o.freeSpace, log: o.Logger}
	if g.free == nil {
		g.free = freeSpace
	}
	switch {
	case o.MinFree == 0:
		g.minFree = defaultMinFree
	case o.MinFree > 0:
		g.minFree = o.MinFree
	}
	return g
}

// open does what Open does, in the order in which each step may rely on the ones before.
func (db *DB) open() (err error) {
	if err := makeDir(db.dir); err != nil {
		return err
	}
	if db.lock, err = lockDir(db.dir, db.opt.Owner); err != nil {
		return err
	}
	if err := checkFormat(db.dir); err != nil {
		return err
	}
	walBytes, err := inspect(db.dir)
	if err != nil {
		return err
	}
	if err := db.guard.beforeOpen(walBytes); err != nil {
		return err
	}
	if err := prepare(db.dir); err != nil {
		return err
	}
	if err := db.openTree(); err != nil {
		return err
	}
	if err := db.loadChain(); err != nil {
		return err
	}
	db.guard.restock(min(db.opt.MemTableSize, db.guard.minFree/4))
	return nil
}

// name puts the directory into an error that lacks it.
func (db *DB) name(err error) error {
	var damaged *DamagedError
	if errors.As(err, &damaged) && damaged.Dir == "" {
		damaged.Dir = db.dir
	}
	if errors.Is(err, ErrShortScan) && damaged == nil {
		return &DamagedError{Dir: db.dir, Detail: "keys are missing", Err: err}
	}
	return err
}

// treeOptions are Badger's options, each with its reason in the package documentation.
func (db *DB) treeOptions() badger.Options {
	memTable := db.opt.MemTableSize
	batch := memTable * 15 / 100 // what Badger lets into one transaction
	opt := badger.DefaultOptions(filepath.Join(db.dir, treeDir)).
		WithSyncWrites(true).
		WithDetectConflicts(false).
		WithNumVersionsToKeep(1).
		WithChecksumVerificationMode(options.OnTableRead).
		WithCompression(compression).
		WithBlockCacheSize(db.opt.BlockCache).
		WithMemTableSize(memTable).
		WithNumMemtables(numMemtables).
		WithValueThreshold(min(1<<20, batch)).
		WithValueLogFileSize(1 << 20). // never written to, yet mapped twice this size
		WithNumCompactors(2).
		WithMetricsEnabled(false). // a map look-up and a shared counter in every Get
		WithBypassLockGuard(true). // ours is on the directory above
		WithLogger(db.trouble)
	db.limits = limits{
		bytes:   int(batch) - spareBytes,
		entries: int(batch)/96 - spareEntries, // 96 bytes are a node of Badger's skip list
		inline:  int(min(maxInline, batch/4)),
	}
	return opt
}

// openTree opens Badger. Damaged files make it panic here and there.
func (db *DB) openTree() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &DamagedError{Detail: fmt.Sprintf("its tables cannot be opened: %v", r)}
		}
	}()
	opt := db.treeOptions()
	want, err := namedTables(db.dir, opt)
	if err != nil {
		return err
	}
	if db.bdb, err = badger.Open(opt); err != nil {
		db.bdb = nil
		return &DamagedError{Detail: "its tables cannot be opened", Err: err}
	}
	// Badger leaves out a table whose checksum is wrong, with a line in the log. What it opened are the
	// tables of the manifest and those that it has made of write-ahead logs since.
	have := map[uint64]bool{}
	for _, t := range db.bdb.Tables() {
		have[t.ID] = true
	}
	for _, id := range want {
		if !have[id] && db.trouble.sawIgnoredTable() {
			return &DamagedError{Detail: fmt.Sprintf("table %06d has a wrong checksum", id)}
		}
	}
	db.snapshots = newSnapshots(db.bdb.NewTransaction(false))
	return nil
}

// loadChain verifies the chain of commits, or begins it in a new directory.
func (db *DB) loadChain() (err error) {
	empty, err := db.isEmpty()
	if err != nil {
		return err
	}
	if !empty {
		v := db.View()
		defer v.Close()
		if err := db.chain.load(v); err != nil {
			return err
		}
	}
	if err := db.chain.checkHead(db.dir); err != nil {
		return err
	}
	if db.head, err = openHead(db.dir); err != nil {
		return err
	}
	if empty {
		return db.create()
	}
	return nil
}

// isEmpty reports whether the tree has no key at all.
func (db *DB) isEmpty() (bool, error) {
	v := db.View()
	defer v.Close()
	it := v.snap.txn.NewIterator(badger.IteratorOptions{})
	defer it.Close()
	it.Rewind()
	return !it.Valid(), nil
}

// create writes the first transaction: the keys that end the spaces.
func (db *DB) create() error {
	o := ops{limits: db.limits}
	for _, s := range globalSpaces {
		o.put(sentinel(prefix(s)), sentinelValue, 0)
	}
	_, err := db.write(kindCreate, &o)
	return err
}

// Close closes the directory once all views are closed. Further calls return what the first one did.
func (db *DB) Close() error {
	db.closing.Do(func() { db.closeErr = db.close() })
	return db.closeErr
}

func (db *DB) close() error {
	db.writing.Lock()
	db.closed = true
	fatal := db.fatal
	db.writing.Unlock()

	db.snapshots.close()
	err := db.bdb.Close()
	if err == nil && fatal == nil {
		err = writeClean(db.dir)
	}
	return errors.Join(err, db.head.close(), db.lock.release())
}

// abandon closes what a failed Open had opened.
func (db *DB) abandon() error {
	var errs []error
	if db.snapshots != nil {
		db.snapshots.close()
	}
	if db.bdb != nil {
		errs = append(errs, db.bdb.Close())
	}
	if db.head != nil {
		errs = append(errs, db.head.close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.release())
	}
	return errors.Join(errs...)
}

// makeDir makes dir, or closes an existing one to others: Badger's files get the mode that the umask leaves.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("data directory %s can be read by others and that cannot be changed: %w", dir, err)
		}
	}
	return nil
}

// trouble passes Badger's log on and remembers its errors: it retries a failed flush for ever and says so only there.
type trouble struct {
	log *slog.Logger

	mu      sync.Mutex // guards all below
	count   int64
	last    string
	ignored bool
}

func (t *trouble) Errorf(format string, args ...any) {
	text := logText(format, args)
	t.mu.Lock()
	t.count++
	t.last = text
	t.ignored = t.ignored || len(text) > 14 && text[:14] == "Ignoring table"
	t.mu.Unlock()
	t.log.Error("badger: " + text)
}

func (t *trouble) Warningf(format string, args ...any) {
	if t.log.Enabled(context.Background(), slog.LevelWarn) {
		t.log.Warn("badger: " + logText(format, args))
	}
}

func (t *trouble) Infof(string, ...any)  {}
func (t *trouble) Debugf(string, ...any) {}

func (t *trouble) sawIgnoredTable() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ignored
}
