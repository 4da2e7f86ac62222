package engine

import (
	"context"
	"slices"

	"github.com/asofdb/asof/engine/setting"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// transaction is a transaction block. What can be rolled back is the session's own: its settings, its temporary tables, its cursors. What changes sources and features
// is durable when the statement ends, and so is refused inside a block.
//
// In READ COMMITTED, the default, every statement takes the frontier anew, so that a driver that opens a block and never ends it does not read a frozen past. In
// REPEATABLE READ and SERIALIZABLE all statements read at the moment of the first one that reads a source or a feature; in BEGIN AS OF at the moment that it says. A
// statement's own AS OF goes before either.
type transaction struct {
	modes  syntax.Modes // with every mode filled in
	failed bool
	// asked is set once a statement has run that the modes cannot be changed after.
	asked bool
	// fixed is the moment of BEGIN AS OF; served says that it is a time of the wall clock.
	fixed  *int64
	served bool
	// snapshot is the moment of the first statement of an isolated transaction.
	snapshot *int64

	start      savepoint
	savepoints []savepoint
	// dropped are tables that come back if the transaction is rolled back.
	dropped []*tempTable
}

// savepoint is what there was when it was set.
type savepoint struct {
	name   string
	modes  syntax.Modes
	vars   variables
	tables map[string]tableState
	// next is the number of the cursor that was declared next.
	next int
}

// TxStatus is the state that ReadyForQuery tells: 'I' outside a transaction block, 'T' inside one, 'E' inside one that has failed.
func (s *Session) TxStatus() byte {
	switch {
	case s.tx == nil:
		return 'I'
	case s.tx.failed:
		return 'E'
	default:
		return 'T'
	}
}

// Fail makes the transaction block fail, if there is one: after an error that the session has not seen, because the client's message never reached it.
func (s *Session) Fail() {
	if s.tx != nil {
		s.tx.failed = true
	}
}

// transactionModes are the modes of the block, or those that a block would have.
func (s *Session) transactionModes() syntax.Modes {
	if s.tx != nil {
		return s.tx.modes
	}
	d := func(name string) string { return s.value(setting.Find("default_transaction_" + name)) }
	return syntax.Modes{Isolation: d("isolation"), ReadOnly: d("read_only"), Deferrable: d("deferrable")}
}

func (s *Session) here(name string) savepoint {
	p := savepoint{name: name, vars: s.vars, tables: s.tableStates(), next: s.nextCursor}
	if s.tx != nil {
		p.modes = s.tx.modes
	}
	return p
}

// transact runs BEGIN, COMMIT, ROLLBACK and the statements about savepoints.
func (s *Session) transact(ctx context.Context, st *syntax.Transaction, in input) (*Rows, error) {
	switch st.Do {
	case "BEGIN", "START TRANSACTION":
		return tagged(st.Do, s.beginBlock(ctx, st, in))
	case "COMMIT", "ROLLBACK":
		return s.endBlock(ctx, st)
	case "SAVEPOINT":
		if s.tx == nil {
			return nil, types.Errorf(codeNoTransaction, "SAVEPOINT can only be used in transaction blocks")
		}
		s.tx.savepoints = append(s.tx.savepoints, s.here(st.Name))
		return tagged("SAVEPOINT", nil)
	case "RELEASE":
		n, err := s.savepoint(st, "RELEASE SAVEPOINT")
		if err != nil {
			return nil, err
		}
		s.tx.savepoints = s.tx.savepoints[:n]
		return tagged("RELEASE", nil)
	default:
		n, err := s.savepoint(st, "ROLLBACK TO SAVEPOINT")
		if err != nil {
			return nil, err
		}
		p := s.tx.savepoints[n]
		s.tx.savepoints, s.tx.failed = s.tx.savepoints[:n+1], false
		s.tx.modes = p.modes
		return tagged("ROLLBACK", s.backTo(p))
	}
}

// savepoint finds a savepoint: the newest of its name.
func (s *Session) savepoint(st *syntax.Transaction, statement string) (int, error) {
	if s.tx == nil {
		return 0, types.Errorf(codeNoTransaction, "%s can only be used in transaction blocks", statement)
	}
	for n := len(s.tx.savepoints) - 1; n >= 0; n-- {
		if s.tx.savepoints[n].name == st.Name {
			return n, nil
		}
	}
	return 0, types.Errorf(codeNoSavepoint, "savepoint \"%s\" does not exist", st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
}

// beginBlock opens a transaction block.
func (s *Session) beginBlock(ctx context.Context, st *syntax.Transaction, in input) error {
	if s.tx != nil {
		s.eng.warn(ctx, codeInTransaction, "there is already a transaction in progress")
		return s.changeModes(ctx, st.Modes, in)
	}
	s.startBlock(s.transactionModes())
	if err := s.changeModes(ctx, st.Modes, in); err != nil {
		s.tx = nil
		return err
	}
	return nil
}

func (s *Session) startBlock(m syntax.Modes) {
	start := s.here("")
	s.tx = &transaction{modes: m, start: start}
}

// changeModes gives a block the modes that a statement says.
func (s *Session) changeModes(ctx context.Context, m syntax.Modes, in input) error {
	for _, c := range []struct{ name, value string }{
		{"transaction_isolation", m.Isolation}, {"transaction_read_only", m.ReadOnly}, {"transaction_deferrable", m.Deferrable},
	} {
		if c.value == "" {
			continue
		}
		if err := s.assignMode(ctx, setting.Find(c.name), &c.value); err != nil {
			return err
		}
	}
	if m.AsOf == nil {
		return nil
	}
	if s.tx.asked {
		return types.Errorf(codeActiveStatement, "AS OF must be said before any query of the transaction")
	}
	_, q, params, _, err := s.bind(ctx, selectBinding(m.AsOf), in)
	if err != nil {
		return err
	}
	t, err := momentOf(q.AsOf, &expr.Env{Params: params, Zone: s.zone, Now: s.eng.options.Clock().UnixMicro(), Session: asker{s}})
	s.tx.fixed, s.tx.served = &t, q.AsOf.Served
	return err
}

// assignMode changes one of the settings that are modes of the block; outside one it says something of nothing.
func (s *Session) assignMode(_ context.Context, d *setting.Setting, value *string) error {
	if s.tx == nil {
		return nil
	}
	v := s.value(setting.Find("default_" + d.Name))
	if value != nil {
		v = *value
	}
	m := &s.tx.modes
	late := s.tx.asked || len(s.tx.savepoints) > 0
	switch d.Name {
	case "transaction_isolation":
		if late && v != m.Isolation {
			return types.Errorf(codeActiveStatement, "SET TRANSACTION ISOLATION LEVEL must be called before any query")
		}
		m.Isolation = v
	case "transaction_read_only":
		if v == "off" && m.ReadOnly == "on" && late {
			return types.Errorf(codeActiveStatement, "transaction read-write mode must be set before any query")
		}
		m.ReadOnly = v
	default:
		if late {
			return types.Errorf(codeActiveStatement, "SET TRANSACTION [NOT] DEFERRABLE must be called before any query")
		}
		m.Deferrable = v
	}
	return nil
}

// setTransaction runs SET TRANSACTION and SET SESSION CHARACTERISTICS.
func (s *Session) setTransaction(ctx context.Context, st *syntax.SetTransaction, in input) error {
	if !st.Session {
		if s.tx == nil {
			s.eng.warn(ctx, codeNoTransaction, "SET TRANSACTION can only be used in transaction blocks")
			return nil
		}
		return s.changeModes(ctx, st.Modes, in)
	}
	for _, c := range []struct{ name, value string }{
		{"default_transaction_isolation", st.Modes.Isolation}, {"default_transaction_read_only", st.Modes.ReadOnly}, {"default_transaction_deferrable", st.Modes.Deferrable},
	} {
		if c.value == "" {
			continue
		}
		if err := s.assign(ctx, c.name, setting.Find(c.name), &c.value, false); err != nil {
			return err
		}
	}
	return nil
}

// endBlock runs COMMIT and ROLLBACK. A block that has failed is rolled back whatever is asked for.
func (s *Session) endBlock(ctx context.Context, st *syntax.Transaction) (*Rows, error) {
	if s.tx == nil {
		if st.Chain {
			return nil, types.Errorf(codeNoTransaction, "%s AND CHAIN can only be used in transaction blocks", st.Do)
		}
		s.eng.warn(ctx, codeNoTransaction, "there is no transaction in progress")
		return tagged(st.Do, nil)
	}
	modes, do := s.tx.modes, st.Do
	var err error
	if s.tx.failed || do == "ROLLBACK" {
		do = "ROLLBACK"
		err = s.rollBack()
	} else {
		err = s.commit(ctx)
	}
	if err != nil {
		return nil, err
	}
	if st.Chain {
		s.startBlock(modes)
	}
	return tagged(do, nil)
}

// commit ends the block and keeps what was done in it.
func (s *Session) commit(ctx context.Context) error {
	if err := s.holdCursors(ctx); err != nil {
		rollErr := s.rollBack()
		return firstOf(err, rollErr)
	}
	tx := s.tx
	s.tx = nil
	s.vars.local = nil
	s.derive()
	return s.endTables(tx)
}

// rollBack ends the block and takes back what was done in it.
func (s *Session) rollBack() error {
	tx := s.tx
	err := s.backTo(tx.start)
	s.tx = nil
	s.vars.local = nil
	s.derive()
	return firstOf(err, s.endTables(tx))
}

// backTo takes back what was done since a savepoint.
func (s *Session) backTo(p savepoint) error {
	s.closeCursors(func(c *cursor) bool { return c.number >= p.next })
	s.vars = p.vars
	s.derive()
	return s.restoreTables(p.tables)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// admit refuses statements that may not run in the state that the session's transaction is in.
func (s *Session) admit(st syntax.Statement) error {
	if s.tx != nil && s.tx.failed {
		t, ok := st.(*syntax.Transaction)
		if !ok || t.Do != "COMMIT" && t.Do != "ROLLBACK" && t.Do != "ROLLBACK TO" {
			return types.Errorf(codeFailed, "current transaction is aborted, commands ignored until end of transaction block")
		}
		return nil
	}
	what := changes(st)
	if what == "" {
		return nil
	}
	if s.transactionModes().ReadOnly == "on" {
		return types.Errorf(types.CodeReadOnly, "cannot execute %s in a read-only transaction", what)
	}
	if s.tx != nil && !sessionsOwn(st) {
		return types.Errorf(codeInTransaction, "%s cannot run inside a transaction block", what).WithHint("it is durable at once and cannot be rolled back: COMMIT first, or set the connection to autocommit")
	}
	return nil
}

// changes names the statement that changes what is defined; "" for all others.
func changes(st syntax.Statement) string {
	switch st := st.(type) {
	case *syntax.CreateSource:
		return "CREATE SOURCE"
	case *syntax.CreateFeature:
		return "CREATE FEATURE"
	case *syntax.AlterSource:
		return "ALTER SOURCE"
	case *syntax.CreateTable:
		if st.Query != nil {
			return "CREATE TABLE AS"
		}
		return "CREATE TABLE"
	case *syntax.CreateView:
		return "CREATE VIEW"
	case *syntax.Drop:
		return "DROP " + st.Object
	}
	return ""
}

// sessionsOwn reports whether what a statement changes is the session's own, and so can be rolled back.
func sessionsOwn(st syntax.Statement) bool {
	switch st := st.(type) {
	case *syntax.Drop:
		return st.Object == "TABLE" || st.Object == "VIEW"
	case *syntax.CreateTable, *syntax.CreateView:
		return true
	}
	return false
}

// moment is the moment that the transaction or the session says for a whole statement; nil where none does.
func (s *Session) moment() (t *int64, served bool) {
	switch {
	case s.tx != nil && s.tx.fixed != nil:
		return s.tx.fixed, s.tx.served
	case !s.asOf.IsNull():
		return &s.asOf.I, false
	case s.tx != nil:
		return s.tx.snapshot, false
	}
	return nil, false
}

// keepMoment makes a statement's moment that of the transaction's later statements, where the transaction is isolated from changes.
func (s *Session) keepMoment(q *plan.Query, now int64) {
	if s.tx == nil || s.tx.snapshot != nil || s.tx.modes.Isolation != "repeatable read" && s.tx.modes.Isolation != "serializable" {
		return
	}
	timed := func(sc *plan.Scan) bool { return !sc.Relation.PlainTable }
	if slices.ContainsFunc(q.Scans, timed) || slices.ContainsFunc(q.Sweeps, timed) {
		s.tx.snapshot = &now
	}
}
