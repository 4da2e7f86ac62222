package engine

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// DataFormat names the format of data directories that this program writes and reads.
const DataFormat = storage.Format

// Options configure an engine. The zero value works, but reads no source.
type Options struct {
	// Connectors are what CREATE SOURCE can name; connectors.Default() has all there are.
	Connectors Connectors
	// Notice, Progress and Logger may be nil. Notice and Progress are called from any goroutine.
	Notice   func(Notice)
	Progress func(Progress)
	Logger   *slog.Logger
	// Observe, unless nil, hears of every statement that has ended, from any goroutine. It must not wait.
	Observe func(Observation)
	// Clock is the wall clock; nil means time.Now.
	Clock func() time.Time
	// MemoryLimit bounds, in bytes, what one statement keeps in memory; 0 means 256 MiB.
	MemoryLimit int64
	// FlushChanges is how many applied changes make a checkpoint start; 0 means 1.5 million.
	FlushChanges int
	// BatchChanges is the largest number of changes in one durable commit; 0 means 8,192.
	BatchChanges int
	// SecretKeyFile holds the key of the secrets, 32 bytes of mode 0600, and is made with the first CREATE SECRET; "" is the file SECRET_KEY of the data directory.
	SecretKeyFile string
	// FilesDir is the directory below which admins who come through a door may name files, once there are users; "" is none.
	FilesDir string
	// Owner names the program in the data directory's lock, for the message that a second one gets.
	Owner string
}

// Defaults of Options. A checkpoint of 1.5 million changes keeps entity roots in memory long enough that rewriting them costs a few bytes a change, and recovery to seconds.
const (
	defaultMemoryLimit  = 256 << 20
	defaultFlushChanges = 1_500_000
	defaultBatchChanges = 8192
)

// Progress tells how far something is that takes long. Done and Total are in Unit ("bytes", "changes"); Total 0 means not known.
// A last call has Finished set.
type Progress struct {
	What        string
	Unit        string
	Done, Total int64
	Finished    bool
}

// Engine is an open data directory. It is safe for concurrent use.
type Engine struct {
	dir     string
	options Options
	logger  *slog.Logger
	db      *storage.DB
	temp    *tempDir
	started int64 // wall clock, µs
	// rebuilding is set where derived state is being made again: what is on disk of it means nothing.
	rebuilding bool
	// unplanned counts queries of the system's catalogs that could not be planned.
	unplanned counter

	// ctx ends when the engine begins to close; tasks are the goroutines that then end.
	ctx    context.Context
	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup

	// results guards open: the results that hold something of the store and were not closed.
	results sync.Mutex
	open    map[*Rows]struct{}

	catalog     atomic.Pointer[catalog]
	mock        []byte // of mockVerifier
	checkpoints *checkpoints

	// ddl is held by the statement that changes the catalog. It guards next and entities.
	ddl      sync.Mutex
	next     uint32
	entities map[string]uint16
	// abandoned are generations found at Open that nothing uses.
	abandoned []generationRecord

	closing sync.Once
	closed  atomic.Bool
	failure error // of Close
}

// Open opens or creates the data directory and resumes every source that follows its input. A directory that another process has open is refused with a *types.Error
// that names the process; so is one that lost something which was acknowledged.
func Open(dir string, o Options) (*Engine, error) {
	e, err := openQuiet(dir, o, false)
	if err != nil {
		return nil, err
	}
	e.checkpoints.consider()
	for _, s := range e.catalog.Load().sources {
		if !s.settings.follow || s.state.Stopped != "" {
			continue
		}
		if err := s.startIngest(); err != nil {
			e.logger.Error("a source cannot be resumed", "source", s.rec.Name, "error", err)
		}
	}
	return e, nil
}

// openQuiet opens a data directory and leaves its sources alone. Derived state is taken as it is on disk, but where it is about to be made again, when it is not looked at.
func openQuiet(dir string, o Options, rebuilding bool) (*Engine, error) {
	o.setDefaults()
	db, err := storage.Open(dir, storage.Options{Logger: o.Logger, Owner: o.Owner})
	if err != nil {
		return nil, openError(err)
	}
	e := &Engine{dir: dir, options: o, rebuilding: rebuilding, logger: o.Logger, db: db, temp: newTempDir(dir), started: o.Clock().UnixMicro(), open: map[*Rows]struct{}{}}
	e.ctx, e.cancel = context.WithCancelCause(context.Background())
	e.checkpoints = newCheckpoints(e)
	if err := e.trustDerived(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := e.loadCatalog(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := e.finishDrops(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	e.tasks.Go(func() { e.checkpoints.loop(e.ctx) })
	return e, nil
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = defaultMemoryLimit
	}
	if o.FlushChanges == 0 {
		o.FlushChanges = defaultFlushChanges
	}
	if o.BatchChanges == 0 {
		o.BatchChanges = defaultBatchChanges
	}
}

func openError(err error) error {
	code := types.CodeIO
	var (
		locked  *storage.LockedError
		damage  *storage.DamagedError
		space   *storage.SpaceError
		version *storage.VersionError
	)
	switch {
	case errors.As(err, &locked):
		code = types.CodeInUse
	case errors.As(err, &damage):
		code = types.CodeCorrupted
	case errors.As(err, &space):
		code = types.CodeDiskFull
	case errors.As(err, &version):
		code = types.CodeNotSupported
	}
	return &types.Error{Code: code, Message: err.Error(), Err: err}
}

// finishDrops deletes what a crash left of dropped sources and generations.
func (e *Engine) finishDrops() error {
	var sources []uint32
	v := e.db.View()
	err := scanMeta(v, metaDropping, func(_ string, id uint32) error { sources = append(sources, id); return nil })
	v.Close()
	if err != nil {
		return err
	}
	for _, id := range sources {
		if err := e.deleteSource(id); err != nil {
			return err
		}
	}
	for _, r := range e.abandoned {
		e.deleteGeneration(&generation{eng: e, rec: r})
	}
	e.abandoned = nil
	return nil
}

// Close interrupts what runs, statements and sources, waits for it, writes a checkpoint and closes the directory. Results that were not closed are, and say so. It
// is idempotent, and may be called while anything else is.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		e.closed.Store(true)
		e.cancel(errClosed())
		e.ddl.Lock() // no statement changes the catalog any more, or starts a source
		defer e.ddl.Unlock()
		for _, s := range e.catalog.Load().sources {
			s.stop(errPaused)
		}
		for _, r := range e.openResults() {
			r.abort(errClosed()) // before the tasks: one may wait to delete what a result reads
		}
		e.tasks.Wait()
		e.failure = errors.Join(e.checkpoints.checkpoint(), e.db.Close())
	})
	return e.failure
}

func errClosed() error { return types.Errorf(types.CodeNotReady, "the engine is closed") }

// readError is the error of a read that was given up or came too late, in words for the user, and any other as it is.
func readError(ctx context.Context, err error) error {
	var said *types.Error
	switch {
	case err == nil || errors.As(err, &said):
		return err
	case errors.Is(err, storage.ErrClosed):
		return errClosed()
	case !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(context.Cause(ctx), &said):
		return said
	default:
		return &types.Error{Code: types.CodeCanceled, Message: "the statement was canceled", Err: err}
	}
}

// caught makes an error of a panic, which is a bug of ours: the statement or the source that met it ends, and nothing else.
func (e *Engine) caught(p any) error {
	e.logger.Error("a panic was caught", "panic", p, "stack", string(debug.Stack()))
	return types.Errorf(types.CodeInternal, "internal error: %v", p).WithHint("this is a bug of asof; the log has the place")
}

// during returns a context that also ends when the engine closes.
func (e *Engine) during(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(e.ctx, func() { cancel(context.Cause(e.ctx)) })
	return ctx, func() { stop(); cancel(nil) }
}

// lockCatalog begins a statement that changes the catalog; the caller unlocks ddl unless there is an error.
func (e *Engine) lockCatalog() error {
	e.ddl.Lock()
	if err := e.usable(); err != nil {
		e.ddl.Unlock()
		return err
	}
	return nil
}

func (e *Engine) openResults() []*Rows {
	e.results.Lock()
	defer e.results.Unlock()
	return slices.Collect(maps.Keys(e.open))
}

// usable refuses statements on a closed engine.
func (e *Engine) usable() error {
	if e.closed.Load() {
		return errClosed()
	}
	return nil
}

// takeID returns an id that was never used; putNext makes that durable with the record that uses it.
func (e *Engine) takeID() uint32 {
	id := e.next
	e.next++
	return id
}

func (e *Engine) putNext(b *storage.Batch) { putJSON(b, metaNext, e.next) }
