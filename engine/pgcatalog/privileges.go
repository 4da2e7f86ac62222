package pgcatalog

import (
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// has_table_privilege and its kin answer by what a statement would be allowed to do: nothing that is seen through the catalogs can be written but temporary tables, by
// nobody, and rows are read by those who were granted it.

// objects are the kinds of what privileges are about: the words that may be asked for each, and whether user u has one for the object that a value names.
var objects = map[string]struct {
	words string
	has   func(s *Snapshot, u *User, object types.Value, word string) (has, known bool, err error)
}{
	"table":                {"SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER", (*Snapshot).mayTable},
	"any_column":           {"SELECT INSERT UPDATE REFERENCES", (*Snapshot).mayTable},
	"column":               {"SELECT INSERT UPDATE REFERENCES", (*Snapshot).mayTable},
	"sequence":             {"USAGE SELECT UPDATE", (*Snapshot).mayTable},
	"schema":               {"CREATE USAGE", (*Snapshot).maySchema},
	"database":             {"CREATE TEMPORARY TEMP CONNECT", mayAlways("TEMPORARY TEMP CONNECT")},
	"function":             {"EXECUTE", mayAlways("EXECUTE")},
	"type":                 {"USAGE", mayAlways("USAGE")},
	"language":             {"USAGE", mayAlways("USAGE")},
	"tablespace":           {"CREATE", mayAlways("")},
	"parameter":            {"SET ALTER SYSTEM", mayAlways("SET")},
	"foreign_data_wrapper": {"USAGE", mayAlways("")},
	"server":               {"USAGE", mayAlways("")},
}

// privileges are the functions that answer whether a user, the session's where none is given, has one of several privileges for an object.
func (s *Snapshot) privileges(called string) []expr.Function {
	kind, ok := strings.CutPrefix(called, "has_")
	if !ok {
		return s.roleMembership(called)
	}
	kind, ok = strings.CutSuffix(kind, "_privilege")
	of, known := objects[kind]
	if !ok || !known {
		return nil
	}
	behind := 1 // arguments behind the object
	if kind == "column" {
		behind = 2
	}
	eval := func(a []types.Value) (types.Value, error) {
		u, err := s.userOf(a, behind+1)
		if err != nil || u == nil {
			return types.Value{}, err
		}
		object, asked := a[len(a)-1-behind], a[len(a)-1].S
		result := false
		for _, word := range strings.Split(asked, ",") {
			word, grant := strings.CutSuffix(strings.ToUpper(strings.TrimSpace(word)), " WITH GRANT OPTION")
			if !named(word, of.words) {
				return types.Value{}, types.Errorf(types.CodeInvalidParameter, "unrecognized privilege type: %q", word)
			}
			has, known, err := of.has(s, u, object, word)
			if err != nil || !known {
				return types.Value{}, err
			}
			result = result || has && (!grant || u.Admin)
		}
		return types.NewBool(result), nil
	}
	return withUser(behind, eval)
}

// withUser are the two forms of a function: with a user before the other arguments, and without.
func withUser(behind int, eval func([]types.Value) (types.Value, error)) []expr.Function {
	args := []types.Type{expr.Anything}
	for range behind - 1 {
		args = append(args, expr.Anything)
	}
	args = append(args, text)
	return []expr.Function{
		{Args: args, Result: boolean, Eval: eval},
		{Args: append([]types.Type{expr.Anything}, args...), Result: boolean, Eval: eval},
	}
}

// named reports whether word is one of words, in which ALTER SYSTEM is one.
func named(word, words string) bool {
	return word == "ALTER SYSTEM" && strings.HasSuffix(words, word) ||
		word != "ALTER" && word != "SYSTEM" && strings.Contains(" "+words+" ", " "+word+" ") && !strings.Contains(word, " ")
}

// userOf is the user that the arguments begin with, the session's where they are as few as without one; nil for an OID that is nobody's.
func (s *Snapshot) userOf(a []types.Value, without int) (*User, error) {
	users := s.users()
	if len(a) == without {
		for i := range users {
			if users[i].Name == s.User {
				return &users[i], nil
			}
		}
		return &User{Name: s.User, Admin: true}, nil // embedded
	}
	if a[0].Kind == types.Int8 {
		if i := a[0].I - firstRole; i >= 0 && i < int64(len(users)) {
			return &users[i], nil
		}
		return nil, nil
	}
	if a[0].S == "public" {
		return &User{}, nil
	}
	oid, err := s.resolve(types.Regrole, a[0].S)
	if err != nil {
		return nil, err
	}
	return &users[oid-firstRole], nil
}

func mayAlways(words string) func(*Snapshot, *User, types.Value, string) (bool, bool, error) {
	return func(_ *Snapshot, _ *User, _ types.Value, word string) (bool, bool, error) {
		return named(word, words), true, nil
	}
}

// mayTable answers for relations, by name or OID.
func (s *Snapshot) mayTable(u *User, object types.Value, word string) (has, known bool, err error) {
	oid := object.I
	if object.Kind != types.Int8 {
		if oid, err = s.resolve(types.Regclass, object.S); err != nil {
			if r := s.hidden(object.S); r != nil {
				return r.mayDo(u, word), true, nil
			}
			return false, false, err
		}
	}
	for _, relations := range [][]Relation{s.Relations, s.Hidden} {
		for i := range relations {
			if r := &relations[i]; int64(r.OID) == oid {
				return r.mayDo(u, word), true, nil
			}
		}
	}
	_, called := s.relationName(oid)
	return word == "SELECT", called != "", nil
}

// hidden is the relation that is written so, nil where there is none.
func (s *Snapshot) hidden(written string) *Relation {
	parts, err := expr.ParseName(written)
	if err != nil || len(parts) > 2 || len(parts) == 2 && parts[0] != "public" {
		return nil
	}
	for i := range s.Hidden {
		if s.Hidden[i].Name == parts[len(parts)-1] {
			return &s.Hidden[i]
		}
	}
	return nil
}

func (r *Relation) mayDo(u *User, word string) bool {
	if r.Temp {
		return word == "SELECT" || word == "INSERT"
	}
	return word == "SELECT" && (u.Admin || u.MaySelect[r.Right])
}

// maySchema answers for schemas: sources and features are created in public.
func (s *Snapshot) maySchema(u *User, object types.Value, word string) (has, known bool, err error) {
	oid := object.I
	if object.Kind != types.Int8 {
		if oid, err = s.resolve(types.Regnamespace, object.S); err != nil {
			return false, false, err
		}
	}
	switch oid {
	case publicSchema:
		return word == "USAGE" || u.Admin || u.MayCreate, true, nil
	case catalogSchema, informationSchema:
		return word == "USAGE", true, nil
	}
	return false, false, nil
}

// roleMembership is pg_has_role: an admin is a member of every role, everybody of his own.
func (s *Snapshot) roleMembership(called string) []expr.Function {
	if called != "pg_has_role" {
		return nil
	}
	return withUser(1, func(a []types.Value) (types.Value, error) {
		u, err := s.userOf(a, 2)
		if err != nil || u == nil {
			return types.Value{}, err
		}
		role, err := s.userOf(a[len(a)-2:len(a)-1], 0)
		if err != nil || role == nil {
			return types.Value{}, err
		}
		return types.NewBool(u.Admin || u.Name == role.Name), nil
	})
}
