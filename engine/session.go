package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asofdb/asof/engine/setting"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Session is one user's conversation: settings, a transaction, temporary tables, cursors, prepared statements. One goroutine at a time.
type Session struct {
	eng     *Engine
	options SessionOptions
	// vars are the settings; startup is what the client began with. The fields below them are read of them by derive.
	vars    variables
	startup map[string]string
	asOf    types.Value // TIMESTAMPTZ, NULL for the frontier
	wait    time.Duration
	timeout time.Duration // statement_timeout, 0 for none
	limit   int64
	zone    *time.Location
	// version counts the changes of settings and tables that a plan may depend on.
	version int64
	// reported is what the client was told of the settings that it follows; told says that it knows their first values.
	reported map[string]string
	told     bool

	tx         *transaction // nil outside a transaction block
	tables     map[string]*tempTable
	created    uint32 // temporary tables so far
	cursors    map[string]*cursor
	nextCursor int
	prepared   map[string]*Prepared
}

// defaultAsOfWait is as_of_wait before it is set, and of readers that have none.
const defaultAsOfWait = 5 * time.Second

// SessionOptions say who is on the other side of a session. The zero value is the embedded admin.
type SessionOptions struct {
	// User and Database are what current_user and current_database answer; "" is asof.
	User, Database string
	// Door is the protocol that the session speaks, as in "postgres"; "" is a session of the program that has the engine open, which may do everything.
	Door string
	// Notice and Progress hear what the session's statements have to say; nil: the engine's do.
	Notice   func(Notice)
	Progress func(Progress)
	// Parameter hears of each change of a setting that the protocol reports (setting.Reported), from within the statement that makes it. nil: nobody does.
	Parameter func(name, value string)
	// PID is what pg_backend_pid answers.
	PID int32
}

// NewSession returns a session of the embedded admin with the default settings.
func (e *Engine) NewSession() *Session { return e.NewSessionWith(SessionOptions{}) }

// NewSessionWith returns a session for somebody. Its owner closes it.
func (e *Engine) NewSessionWith(o SessionOptions) *Session {
	if o.User == "" {
		o.User = "asof"
	}
	if o.Database == "" {
		o.Database = "asof"
	}
	s := &Session{eng: e, options: o, reported: map[string]string{}}
	s.derive()
	return s
}

// Query runs one statement, with or without a semicolon. The caller closes the Rows. args are Go values or types.Value.
func (s *Session) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	statements, err := syntax.Parse(sql)
	if err != nil {
		return nil, err
	}
	switch len(statements) {
	case 0:
		return &Rows{}, nil
	case 1:
	default:
		return nil, types.Errorf(types.CodeSyntax, "one statement at a time, not %d", len(statements)).WithHint("Exec runs scripts")
	}
	in, err := inputOf(args)
	if err != nil {
		return nil, err
	}
	return s.run(ctx, statements[0], in)
}

// Exec runs a script of statements and discards their rows; it stops at the first error.
func (s *Session) Exec(ctx context.Context, sql string, args ...any) error {
	in, err := inputOf(args)
	if err != nil {
		return err
	}
	statements, err := syntax.Parse(sql)
	for _, st := range statements {
		rows, err := s.run(ctx, st, in)
		if err != nil {
			return err
		}
		if rows.Copy() != nil {
			rows.Close()
			return types.Errorf(types.CodeNotSupported, "a script cannot have COPY with STDIN or STDOUT").At(where(st.Place())).WithHint("run it by itself: Query, and then CopyIn or CopyOut of its rows")
		}
		for rows.Next() {
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
	}
	return err
}

// Query runs one statement in a session of its own.
func (e *Engine) Query(ctx context.Context, sql string, args ...any) (*Rows, error) {
	return e.NewSession().Query(ctx, sql, args...)
}

// Exec runs a script in a session of its own.
func (e *Engine) Exec(ctx context.Context, sql string, args ...any) error {
	return e.NewSession().Exec(ctx, sql, args...)
}

// run runs a statement. Whatever goes wrong is an error for the user, and makes the transaction block fail.
func (s *Session) run(ctx context.Context, st syntax.Statement, in input) (rows *Rows, err error) {
	began := time.Now()
	defer func() { s.observed(st, began, rows, err) }()
	tx := s.tx
	fail := func() {
		if tx != nil {
			tx.failed = true
		}
	}
	end := func() {}
	if s.timeout > 0 {
		ctx, end = context.WithTimeoutCause(ctx, s.timeout, types.Errorf(types.CodeCanceled, "canceling statement due to statement timeout"))
	}
	defer func() {
		if p := recover(); p != nil {
			rows, err = nil, s.eng.caught(p)
		}
		if err = readError(ctx, err); err != nil {
			fail()
			end()
			return
		}
		rows.zone, rows.failed = s.zone, fail
		rows.ending(end)
	}()
	if err := s.eng.usable(); err != nil {
		return nil, err
	}
	if err := s.admit(st); err != nil {
		return nil, err
	}
	return s.dispatch(s.heard(ctx), st, in)
}

// dispatch is the one switch from statements to what they do.
func (s *Session) dispatch(ctx context.Context, st syntax.Statement, in input) (*Rows, error) {
	if len(in.values) > 0 && !takesParameters(st) {
		return nil, types.Errorf(types.CodeInvalidParameter, "only SELECT and INSERT take parameters, and %d values were given", len(in.values)).WithHint("write the values into the statement")
	}
	if err := s.authorize(st); err != nil {
		return nil, err
	}
	switch st := st.(type) {
	case *syntax.Query:
		return s.query(ctx, st, in)
	case *syntax.Outlined:
		return s.outlined(outlinedColumns(st.Outline), st.Err), nil
	case *syntax.CreateSource:
		if err := s.confine(st); err != nil {
			return nil, err
		}
		return tagged("CREATE SOURCE", s.owning(st.Name, func() error { return s.eng.createSource(ctx, st) }))
	case *syntax.CreateFeature:
		return tagged("CREATE FEATURE", s.owning(st.Name, func() error { return s.eng.createFeature(ctx, st) }))
	case *syntax.CreateSecret:
		if st.Alter {
			return tagged("ALTER SECRET", s.createSecret(ctx, st))
		}
		return tagged("CREATE SECRET", s.createSecret(ctx, st))
	case *syntax.DropSecret:
		return tagged("DROP SECRET", s.dropSecret(ctx, st))
	case *syntax.CreateUser:
		return tagged("CREATE ROLE", s.createUser(ctx, st))
	case *syntax.AlterUser:
		return tagged("ALTER ROLE", s.alterUser(st))
	case *syntax.DropUser:
		return tagged("DROP ROLE", s.dropUser(ctx, st))
	case *syntax.Grant:
		if st.Revoke {
			return tagged("REVOKE", s.grant(st))
		}
		return tagged("GRANT", s.grant(st))
	case *syntax.Drop:
		if sessionsOwn(st) {
			return tagged("DROP "+st.Object, s.dropTable(ctx, st))
		}
		return tagged("DROP "+st.Object, s.eng.drop(ctx, st))
	case *syntax.CreateTable:
		if st.Query != nil {
			return s.createTableAs(ctx, st, in)
		}
		return tagged("CREATE TABLE", s.createTable(ctx, st))
	case *syntax.CreateView:
		return tagged("CREATE VIEW", s.createView(ctx, st))
	case *syntax.Insert:
		return s.insert(ctx, st, in)
	case *syntax.Copy:
		return s.copy(ctx, st)
	case *syntax.AlterSource:
		return tagged("ALTER SOURCE", s.eng.alterSource(ctx, st))
	case *syntax.Set:
		return tagged(setTag(st), s.set(ctx, st))
	case *syntax.SetTransaction:
		return tagged("SET", s.setTransaction(ctx, st, in))
	case *syntax.Transaction:
		return s.transact(ctx, st, in)
	case *syntax.Prepare:
		return tagged("PREPARE", s.prepareNamed(ctx, st))
	case *syntax.Execute:
		return s.execute(ctx, st)
	case *syntax.Deallocate:
		tag := "DEALLOCATE"
		if st.Name == "" {
			tag += " ALL"
		}
		return tagged(tag, s.deallocate(st))
	case *syntax.DeclareCursor:
		return tagged("DECLARE CURSOR", s.declare(ctx, st, in))
	case *syntax.Fetch:
		return s.fetch(ctx, st)
	case *syntax.CloseCursor:
		tag := "CLOSE CURSOR"
		if st.Name == "" {
			tag += " ALL"
		}
		return tagged(tag, s.closeCursor(st))
	case *syntax.Discard:
		return tagged("DISCARD "+st.What, s.discard(st.What))
	case *syntax.Notify:
		return tagged(st.Do, nil)
	case *syntax.Show:
		return s.show(st)
	case *syntax.ShowCreate:
		return s.eng.showCreate(st)
	case *syntax.Describe:
		return s.describe(ctx, st)
	case *syntax.Explain:
		return s.explain(ctx, st, in)
	case *syntax.ExplainValue:
		return s.explainValue(ctx, st, in)
	case *syntax.VerifyFeature:
		return s.verify(ctx, st)
	case *syntax.Backup:
		return s.backup(ctx, st)
	default:
		return nil, types.Errorf(types.CodeNotSupported, "this statement is not yet supported").At(int(st.Place().Pos), int(st.Place().End-st.Place().Pos))
	}
}

func tagged(tag string, err error) (*Rows, error) {
	if err != nil {
		return nil, err
	}
	return &Rows{tag: tag}, nil
}

func setTag(st *syntax.Set) string {
	if st.Reset {
		return "RESET"
	}
	return "SET"
}

// binding plans a statement that has rows.
type binding func(cat plan.Catalog, s plan.Session) (*plan.Query, error)

func selectBinding(sel *syntax.Select) binding {
	return func(cat plan.Catalog, s plan.Session) (*plan.Query, error) { return plan.BindQuery(sel, cat, s) }
}

// newStatement begins a statement on the catalog as it is now.
func (s *Session) newStatement() *statement {
	return &statement{
		eng: s.eng, cat: s.eng.catalog.Load(), limit: s.limit, wait: s.wait, beforeHistoryNull: s.value(setting.Find("before_history")) == "null",
		moments: map[*plan.Scan]scanMoment{}, plain: map[*plan.Relation]opener{},
	}
}

// bind plans a statement against what it can name now.
func (s *Session) bind(ctx context.Context, bind binding, in input) (*statement, *plan.Query, []types.Value, plan.Session, error) {
	ps := plan.Session{Zone: s.zone, Off: s.rulesOff(), Params: in.types}
	params := slices.Clone(in.values)
	st := s.newStatement()
	q, err := bind(s.names(ctx, st), ps)
	if err != nil {
		return nil, nil, nil, ps, err
	}
	if len(q.Params) > len(params) {
		return nil, nil, nil, ps, types.Errorf(types.CodeInvalidParameter, "the statement has parameters up to $%d, and %d values were given", len(q.Params), len(params)).
			WithHint("$1 is the first value, $2 the second")
	}
	if err := s.mayScan(st, slices.Concat(q.Scans, q.Sweeps)); err != nil {
		return nil, nil, nil, ps, err
	}
	for i, t := range q.Params {
		if params[i], err = convertParam(params[i], t, s.zone); err != nil {
			return nil, nil, nil, ps, saidOf(fmt.Sprintf("parameter $%d", i+1), err)
		}
	}
	return st, q, params, ps, nil
}

// rulesOff are the rules of the planner that the session has turned off.
func (s *Session) rulesOff() map[string]bool {
	off := map[string]bool{}
	for name := range plan.RuleSettings() {
		off[name] = !s.on(name)
	}
	return off
}

// begun is a statement that is about to run: planned, with a moment for all it reads, which is kept from being deleted until end is called.
type begun struct {
	st      *statement
	query   *plan.Query
	ctx     context.Context
	context *exec.Context
	end     func()
}

// begin plans a statement that has rows and fixes its moments. Where a feature is replaced between planning and reading, it is planned again.
func (s *Session) begin(ctx context.Context, bind binding, in input) (*begun, error) {
	for {
		b, err := s.beginOnce(ctx, bind, in)
		if !errors.Is(err, errDropped) {
			return b, err
		}
	}
}

func (s *Session) beginOnce(ctx context.Context, bind binding, in input) (_ *begun, err error) {
	st, q, params, ps, err := s.bind(ctx, bind, in)
	if err != nil {
		return nil, err
	}
	read := slices.Concat(q.Scans, q.Sweeps)
	unpin, ok := st.pin(read)
	if !ok {
		return nil, errDropped
	}
	ctx, cancel := s.eng.during(ctx)
	end := func() { cancel(); unpin() }
	defer func() {
		if err != nil {
			end()
		}
	}()
	now, err := s.fix(ctx, st, q, params)
	if err != nil {
		return nil, err
	}
	if !st.current(read) {
		return nil, errDropped
	}
	ec, err := s.execContext(st, params, now, ps)
	if err != nil {
		return nil, err
	}
	if s.tx != nil {
		s.tx.asked = true
	}
	return &begun{st, q, ctx, ec, end}, nil
}

// stream runs a statement that has rows.
func (s *Session) stream(ctx context.Context, bind binding, in input) (*Rows, error) {
	b, err := s.begin(ctx, bind, in)
	if err != nil {
		return nil, err
	}
	op, err := exec.Build(b.query, b.context)
	if err != nil {
		b.end()
		return nil, err
	}
	return s.eng.streamedRows(b.ctx, func() { b.st.sayBeforeHistory(b.ctx); b.end() }, resultColumns(b.query), op, s.zone)
}

// execContext is what a statement runs with.
func (s *Session) execContext(st *statement, params []types.Value, now int64, ps plan.Session) (*exec.Context, error) {
	temp, err := s.eng.temp.use()
	return &exec.Context{Tables: st, Params: params, Now: now, MemoryLimit: s.limit, TempDir: temp, Session: ps, Asker: asker{s}}, err
}

// sayBeforeHistory tells how many moments lay before the history and were answered with NULLs.
func (st *statement) sayBeforeHistory(ctx context.Context) {
	if st.beforeHistory > 0 {
		st.eng.notice(ctx, fmt.Sprintf("%d rows are NULL because their moment is before the history begins", st.beforeHistory), "")
		st.beforeHistory = 0
	}
}

// fix decides, once for the statement, NOW() and the moment of every scan, and waits until they can be read.
func (s *Session) fix(ctx context.Context, st *statement, q *plan.Query, params []types.Value) (now int64, err error) {
	sources, ps, err := st.sourcesOf(slices.Concat(q.Scans, q.Sweeps))
	if err != nil {
		return 0, err
	}
	env := &expr.Env{Params: params, Zone: s.zone, Now: s.eng.options.Clock().UnixMicro(), Session: asker{s}}
	whole, served, err := s.whole(q, env)
	switch {
	case err != nil:
		return 0, err
	case whole != nil:
		now = *whole
	case needsFrontier(q):
		if now, err = s.eng.statementNow(sources, ps); err != nil {
			return 0, err
		}
	default:
		if now, err = s.eng.statementNow(sources, ps); err != nil { // what cannot be read now may be readable at its own AS OF
			now = env.Now
		}
	}
	if whole == nil {
		s.keepMoment(q, now)
	}
	env.Now, st.now = now, now
	for _, scan := range q.Scans {
		if st.plain[scan.Relation] != nil {
			continue // it is read as it is
		}
		t := now
		if scan.AsOf.X != nil {
			if t, err = momentOf(scan.AsOf, env); err != nil {
				return 0, err
			}
		}
		src := st.sourceOf(scan.Relation.Name)
		if scan.AsOf.X != nil && scan.AsOf.Served || scan.AsOf.X == nil && served {
			if t, err = src.servedAt(t); err != nil {
				return 0, err
			}
		}
		p, err := src.at(ctx, t, s.wait)
		if err != nil {
			return 0, err
		}
		asked := NoTime
		if whole == nil && scan.AsOf.X == nil {
			asked = s.eng.options.Clock().UnixMicro()
		}
		st.moments[scan] = scanMoment{t, p, asked}
	}
	return now, nil
}

// whole is the moment that holds for the whole statement: its own AS OF, else the transaction's or the session's; nil where there is none. With served it is a time of the
// wall clock.
func (s *Session) whole(q *plan.Query, env *expr.Env) (t *int64, served bool, err error) {
	if q.AsOf.X == nil {
		t, served = s.moment()
		return t, served, nil
	}
	own, err := momentOf(q.AsOf, env)
	return &own, q.AsOf.Served, err
}

// needsFrontier reports whether some scan reads at the statement's own moment, or there is nothing that says another.
func needsFrontier(q *plan.Query) bool {
	return len(q.Sweeps) > 0 || slices.ContainsFunc(q.Scans, func(s *plan.Scan) bool { return s.AsOf.X == nil && !s.Relation.PlainTable })
}

// momentOf evaluates an AS OF; for AS OF SERVED the result is a time of the wall clock.
func momentOf(a plan.AsOf, env *expr.Env) (int64, error) {
	v, err := a.X.Eval(env)
	if err != nil {
		return 0, err
	}
	if v.IsNull() {
		return 0, types.Errorf(types.CodeInvalidParameter, "AS OF NULL is no moment")
	}
	if v.I == types.Infinity || v.I == types.NegInfinity {
		return 0, types.Errorf(types.CodeInvalidParameter, "AS OF %s is no moment", v)
	}
	if a.Before {
		return v.I - 1, nil
	}
	return v.I, nil
}
