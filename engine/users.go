package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// Users come into being with the first CREATE USER, which makes an admin. Before it every session may do everything, and doors open on loopback only; after it every
// door asks for a password, and what is not granted is denied. A session without a door, embedded in the program that owns the data directory, is always an admin.
//
// Rights are looked up when a statement is bound to run, in the catalog of that moment: what is revoked is gone for statements that were prepared before.

const (
	metaUser = "catalog/user/" // + name -> userRecord
	metaMock = "catalog/mock"  // what the verifiers of users that do not exist are made of
)

// userRecord is immutable: a change replaces it.
type userRecord struct {
	Name     string
	Verifier string
	Admin    bool `json:",omitempty"`
	// Define is the right to create sources and features. Owned are those that the user created, Select those that he may read; both by name.
	Define  bool            `json:",omitempty"`
	Owned   map[string]bool `json:",omitempty"`
	Select  map[string]bool `json:",omitempty"`
	Created int64
}

func (u *userRecord) clone() *userRecord {
	c := *u
	c.Owned, c.Select = map[string]bool{}, map[string]bool{}
	maps.Copy(c.Owned, u.Owned)
	maps.Copy(c.Select, u.Select)
	return &c
}

// maySelect reports whether the user may read a source or feature.
func (u *userRecord) maySelect(relation string) bool {
	return u.Admin || u.Owned[relation] || u.Select[relation]
}

// HasUsers reports whether doors must ask who comes in.
func (e *Engine) HasUsers() bool { return len(e.catalog.Load().users) > 0 }

// HasUser reports whether there is a user of this name.
func (e *Engine) HasUser(name string) bool { return e.catalog.Load().users[name] != nil }

// Verifier returns what a user's password is checked against. For a user that does not exist it is one that no password matches, always the same.
func (e *Engine) Verifier(user string) Verifier {
	if u := e.catalog.Load().users[user]; u != nil {
		if v, err := parseVerifier(u.Verifier); err == nil {
			return v
		}
	}
	return mockVerifier(e.mock, user)
}

// CheckPassword reports whether the user exists and the password is his.
func (e *Engine) CheckPassword(user, password string) bool {
	v := e.Verifier(user)
	return v.matches(password)
}

// actor is the session's user as the catalog has it now; nil may do everything.
func (s *Session) actor() (*userRecord, error) {
	users := s.eng.catalog.Load().users
	if s.options.Door == "" || len(users) == 0 {
		return nil, nil
	}
	u := users[s.options.User]
	if u == nil {
		return nil, types.Errorf(types.CodeInvalidUser, "role %q does not exist", s.options.User).WithHint("an admin may CREATE USER %s PASSWORD '…'", syntax.QuoteIdent(s.options.User))
	}
	if u.Admin {
		return nil, nil
	}
	return u, nil
}

// MayRead refuses to let the session read a source or feature, or declare tables of an origin, that was not granted. It is what every door asks, for every read.
func (s *Session) MayRead(relation string) error {
	u, err := s.actor()
	if err != nil || u == nil || u.maySelect(relation) {
		return err
	}
	kind := "table"
	switch c := s.eng.catalog.Load(); {
	case c.features[relation] != nil:
		kind = "view"
	case c.origins[relation] != nil:
		kind = "origin"
	}
	return denied("%s %s", kind, relation).WithHint("an admin may GRANT SELECT ON %s TO %s", syntax.QuoteIdent(relation), syntax.QuoteIdent(u.Name))
}

func denied(format string, args ...any) *types.Error {
	return types.Errorf(types.CodePrivilege, "permission denied for "+format, args...)
}

// mayScan refuses what a planned statement would read without a right to.
func (s *Session) mayScan(st *statement, scans []*plan.Scan) error {
	for _, scan := range scans {
		r := scan.Relation
		name := r.Name
		switch {
		case st.plain[r] != nil:
			continue // a table of the session's own, or a file, which File has let pass
		case r.Kind == plan.FeatureHistory:
			name = st.feature(r).rec.Name
		}
		if err := s.MayRead(name); err != nil {
			return err
		}
	}
	return nil
}

// authorize refuses a statement that changes or shows what the session's user has no right to. What queries read is mayScan's.
func (s *Session) authorize(st syntax.Statement) error {
	u, err := s.actor()
	if err != nil || u == nil {
		return err
	}
	own := func(kind, name string) error {
		if u.Owned[name] {
			return nil
		}
		return types.Errorf(types.CodePrivilege, "must be owner of %s %s", kind, name).WithHint("who created it may, and admins")
	}
	switch st := st.(type) {
	case *syntax.CreateSource:
		if !u.Define {
			return denied("schema public").WithHint("an admin may GRANT CREATE ON SCHEMA public TO %s", syntax.QuoteIdent(u.Name))
		}
		for _, o := range slices.Concat(st.Options, st.EncodeOption) {
			if o.Secret { // it would be sent to whatever server the options name
				return denied("secret %s", o.Value).At(where(o.Span)).WithHint("an admin creates the source, or an origin that has the secret, and may GRANT SELECT on it")
			}
		}
		if st.Origin != "" && s.eng.catalog.Load().origins[st.Origin] != nil {
			return s.MayRead(st.Origin)
		}
	case *syntax.CreateFeature:
		if !u.Define {
			return denied("schema public").WithHint("an admin may GRANT CREATE ON SCHEMA public TO %s", syntax.QuoteIdent(u.Name))
		}
		c := s.eng.catalog.Load()
		if st.OrReplace && c.features[st.Name] != nil {
			if err := own("view", st.Name); err != nil {
				return err
			}
		}
		if p, _, err := plan.BindFeature(st, c, plan.Session{}); err == nil { // else it will not be created
			return s.MayRead(p.Source)
		}
	case *syntax.Drop:
		if st.Object != "TABLE" && s.eng.catalog.Load().owned(st.Name) {
			return own("relation", st.Name)
		}
	case *syntax.AlterSource:
		return own("table", st.Name)
	case *syntax.CreateSecret, *syntax.DropSecret:
		return types.Errorf(types.CodePrivilege, "must be superuser to create or drop secrets")
	case *syntax.CreateUser, *syntax.DropUser:
		return types.Errorf(types.CodePrivilege, "must be superuser to create or drop users")
	case *syntax.AlterUser:
		if st.Name != u.Name || st.Admin != nil {
			return types.Errorf(types.CodePrivilege, "must be superuser to alter other users, or what they may do").WithHint("ALTER USER %s PASSWORD '…' is everybody's own", syntax.QuoteIdent(u.Name))
		}
	case *syntax.Backup:
		return types.Errorf(types.CodePrivilege, "must be superuser to take a backup")
	case *syntax.Grant:
		return types.Errorf(types.CodePrivilege, "must be superuser to grant or revoke")
	case *syntax.Show:
		switch {
		case st.What == "USERS":
			return types.Errorf(types.CodePrivilege, "must be superuser to list users")
		case st.What == "REJECTS" && st.Name != "":
			return s.MayRead(st.Name)
		case st.What == "REJECTS":
			return types.Errorf(types.CodePrivilege, "must be superuser to see the rejects of all sources").WithHint("SHOW REJECTS FOR a source")
		}
	}
	return nil
}

// owning lets the session's user own what create creates.
func (s *Session) owning(relation string, create func() error) error {
	u, err := s.actor()
	if err != nil {
		return err
	}
	existed := s.eng.catalog.Load().owned(relation)
	failure := create()
	if u == nil || existed || !s.eng.catalog.Load().owned(relation) {
		return failure
	}
	return errors.Join(failure, s.eng.changeUsers(func(users map[string]*userRecord) error {
		if u := users[u.Name]; u != nil {
			u = u.clone()
			u.Owned[relation] = true
			users[u.Name] = u
		}
		return nil
	}))
}

// owned reports whether name is of something that somebody owns: a source, an origin or a feature.
func (c *catalog) owned(name string) bool {
	return c.sources[name] != nil || c.origins[name] != nil || c.features[name] != nil
}

// changeUsers lets fn change the users, and makes durable what differs.
func (e *Engine) changeUsers(fn func(users map[string]*userRecord) error) error {
	if err := e.lockCatalog(); err != nil {
		return err
	}
	defer e.ddl.Unlock()
	next := e.catalog.Load().clone()
	if err := fn(next.users); err != nil {
		return err
	}
	b := e.db.NewBatch()
	putUsers(b, e.catalog.Load().users, next.users)
	if err := e.commit(b); err != nil {
		return err
	}
	e.catalog.Store(next)
	return nil
}

// putUsers writes what differs between two states of the users.
func putUsers(b *storage.Batch, old, users map[string]*userRecord) {
	for name, u := range users {
		if old[name] != u {
			putJSON(b, metaUser+name, u)
		}
	}
	for name := range old {
		if users[name] == nil {
			b.DeleteMeta(metaUser + name)
		}
	}
}

// forgetRelation takes the rights on a relation that is being dropped from everybody: another of its name is another relation.
func (c *catalog) forgetRelation(relation string) {
	for name, u := range c.users {
		if u.Owned[relation] || u.Select[relation] {
			u = u.clone()
			delete(u.Owned, relation)
			delete(u.Select, relation)
			c.users[name] = u
		}
	}
}

func (s *Session) createUser(ctx context.Context, st *syntax.CreateUser) error {
	v, err := newVerifier(*st.Password)
	if err != nil {
		return err
	}
	return s.eng.changeUsers(func(users map[string]*userRecord) error {
		if users[st.Name] != nil {
			if st.IfNotExists {
				s.eng.notice(ctx, fmt.Sprintf("role %q already exists, skipping", st.Name), "")
				return nil
			}
			return types.Errorf(types.CodeDuplicateObject, "role %q already exists", st.Name).At(where(st.NamePos)).WithHint("ALTER USER %s changes it", syntax.QuoteIdent(st.Name))
		}
		u := &userRecord{Name: st.Name, Verifier: v.String(), Admin: len(users) == 0, Created: s.eng.options.Clock().UnixMicro()}
		if st.Admin != nil {
			if !*st.Admin && u.Admin {
				return types.Errorf(types.CodeInvalidParameter, "the first user is an admin, or nobody could let others in").At(where(st.NamePos)).WithHint("create the admin first")
			}
			u.Admin = *st.Admin
		}
		if len(users) == 0 {
			s.eng.notice(ctx, fmt.Sprintf("role %q is the first and an admin: from now on every connection needs a user and a password", st.Name), "")
		}
		users[st.Name] = u
		return nil
	})
}

func (s *Session) alterUser(st *syntax.AlterUser) error {
	var v Verifier
	if st.Password != nil {
		var err error
		if v, err = newVerifier(*st.Password); err != nil {
			return err
		}
	}
	return s.eng.changeUsers(func(users map[string]*userRecord) error {
		u := users[st.Name]
		if u == nil {
			return noUser(users, syntax.Named{Span: st.NamePos, Name: st.Name})
		}
		u = u.clone()
		if st.Password != nil {
			u.Verifier = v.String()
		}
		if st.Admin != nil {
			u.Admin = *st.Admin
		}
		users[st.Name] = u
		return oneAdmin(users, st.NamePos)
	})
}

func (s *Session) dropUser(ctx context.Context, st *syntax.DropUser) error {
	return s.eng.changeUsers(func(users map[string]*userRecord) error {
		if users[st.Name] == nil {
			if st.IfExists {
				s.eng.notice(ctx, fmt.Sprintf("role %q does not exist, skipping", st.Name), "")
				return nil
			}
			return noUser(users, syntax.Named{Span: st.NamePos, Name: st.Name})
		}
		if len(users) == 1 && s.options.Door != "" {
			return types.Errorf(types.CodeInUse, "role %q is the last one: without it everybody could come in", st.Name).At(where(st.NamePos)).
				WithHint("to go back to no users, stop the server and DROP USER in asof sql --data-dir")
		}
		delete(users, st.Name)
		return oneAdmin(users, st.NamePos)
	})
}

// oneAdmin refuses to leave users without an admin among them.
func oneAdmin(users map[string]*userRecord, at syntax.Span) error {
	for _, u := range users {
		if u.Admin {
			return nil
		}
	}
	if len(users) == 0 {
		return nil
	}
	return types.Errorf(types.CodeInUse, "there would be no admin left").At(where(at)).WithHint("make another user an admin first: ALTER USER name SUPERUSER")
}

func noUser(users map[string]*userRecord, n syntax.Named) error {
	err := types.Errorf(types.CodeUndefinedObject, "role %q does not exist", n.Name).At(where(n.Span))
	if near := plan.Nearest(n.Name, slices.Sorted(maps.Keys(users))); near != "" {
		return err.WithHint("did you mean %q?", near)
	}
	return err.WithHint("SHOW USERS lists them")
}

func where(at syntax.Span) (pos, length int) { return int(at.Pos), int(at.End - at.Pos) }

func (s *Session) grant(st *syntax.Grant) error {
	c := s.eng.catalog.Load()
	var relations []string
	if st.All == "SOURCES" || st.All == "TABLES" {
		relations = slices.AppendSeq(slices.AppendSeq(relations, maps.Keys(c.sources)), maps.Keys(c.origins))
	}
	if st.All == "FEATURES" || st.All == "TABLES" {
		relations = slices.AppendSeq(relations, maps.Keys(c.features))
	}
	for _, n := range st.Relations {
		if !c.owned(n.Name) {
			if f := c.historyOf(n.Name); f != nil {
				return types.Errorf(types.CodeWrongObjectType, "%q is a history", n.Name).At(where(n.Span)).WithHint("who may read feature %s may read it", f.rec.Name)
			}
			return s.eng.noRelation(n.Name, "source", n.Span)
		}
		relations = append(relations, n.Name)
	}
	return s.eng.changeUsers(func(users map[string]*userRecord) error {
		for _, n := range st.Users {
			u := users[n.Name]
			if u == nil {
				return noUser(users, n)
			}
			u = u.clone()
			if st.Create {
				u.Define = !st.Revoke
			}
			for _, r := range relations {
				if st.Revoke {
					delete(u.Select, r)
					continue
				}
				u.Select[r] = true
			}
			users[n.Name] = u
		}
		return nil
	})
}

// showUsers lists the users and what they may do; of their passwords nothing.
func (e *Engine) showUsers() *Rows {
	c := e.catalog.Load()
	list := func(m map[string]bool) types.Value {
		var texts []types.Value
		for _, n := range slices.Sorted(maps.Keys(m)) {
			texts = append(texts, types.NewText(n))
		}
		return types.NewArray(texts)
	}
	var rows [][]types.Value
	for _, n := range slices.Sorted(maps.Keys(c.users)) {
		u := c.users[n]
		rows = append(rows, []types.Value{
			types.NewText(n), types.NewBool(u.Admin), types.NewBool(u.Admin || u.Define), list(u.Select), list(u.Owned), types.NewTimestamptz(u.Created),
		})
	}
	boolean := func(name string) types.Column { return types.Column{Name: name, Type: types.Type{Kind: types.Bool}} }
	texts := func(name string) types.Column {
		return types.Column{Name: name, Type: types.Type{Kind: types.Array, Elem: types.Text}}
	}
	return fixedRows("SHOW", []types.Column{textColumn("name"), boolean("admin"), boolean("may_create"), texts("may_select"), texts("owns"), timeColumn("created")}, rows)
}

// IsAdmin reports whether the user exists and is an admin.
func (e *Engine) IsAdmin(user string) bool {
	u := e.catalog.Load().users[user]
	return u != nil && u.Admin
}
