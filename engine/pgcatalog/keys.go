package pgcatalog

import (
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// A relation's key, the primary key of a source or the entity of a feature, is a PRIMARY KEY with its index to clients, although a view has none in PostgreSQL: a tool
// that maps rows to objects, or asks which columns identify one, would refuse the relation otherwise.

// btree is the OID of the access method that an index has.
const btree = 403

// keyName is the name of r's key and of its index, as PostgreSQL makes it.
func (r *Relation) keyName() string {
	const suffix, most = "_pkey", 63
	name := r.Name
	if len(name) > most-len(suffix) {
		name = strings.ToValidUTF8(name[:most-len(suffix)], "") // not within a character
	}
	return name + suffix
}

// keyed calls f for each relation with a key.
func (s *Snapshot) keyed(f func(r *Relation)) {
	for i := range s.Relations {
		if r := &s.Relations[i]; len(r.Key) > 0 {
			f(r)
		}
	}
}

// eachKey makes a row of each key.
func (s *Snapshot) eachKey(row func(r *Relation) []types.Value) [][]types.Value {
	var rows [][]types.Value
	s.keyed(func(r *Relation) { rows = append(rows, row(r)) })
	return rows
}

// eachKeyColumn makes a row of each column of each key; n is the column's place in it, from 1.
func (s *Snapshot) eachKeyColumn(row func(r *Relation, column string, n int) []types.Value) [][]types.Value {
	var rows [][]types.Value
	s.keyed(func(r *Relation) {
		for i, k := range r.Key {
			rows = append(rows, row(r, r.Columns[k].Name, i+1))
		}
	})
	return rows
}

// keyColumns are the columns of r's key, as its index has them.
func (r *Relation) keyColumns() types.Schema {
	columns := make(types.Schema, len(r.Key))
	for i, k := range r.Key {
		columns[i] = types.Column{Name: r.Columns[k].Name, Type: r.Columns[k].Type}
	}
	return columns
}

func (r *Relation) constraintRow(t *Table) []types.Value {
	return t.row(cells{
		"oid": r.KeyOID, "conname": r.keyName(), "connamespace": publicSchema, "contype": "p", "convalidated": true, "conrelid": r.OID, "conindid": r.IndexOID,
		"confupdtype": " ", "confdeltype": " ", "confmatchtype": " ", "conislocal": true, "connoinherit": true, "conkey": r.keyNumbers(),
	})
}

func (r *Relation) indexRow(t *Table) []types.Value {
	n := len(r.Key)
	collations, classes, options := make([]types.Value, n), make([]types.Value, n), make([]types.Value, n)
	for i, c := range r.keyColumns() {
		collations[i], classes[i], options[i] = types.NewInt8(0), types.NewInt8(operatorClass(c.Type)), types.NewInt(types.Int2, 0)
		if base := typeRow(int64(c.Type.OID())); base != nil {
			collations[i] = base[Find("pg_catalog", "pg_type").Columns.Index("typcollation")]
		}
	}
	return t.row(cells{
		"indexrelid": r.IndexOID, "indrelid": r.OID, "indnatts": n, "indnkeyatts": n, "indisunique": true, "indisprimary": true, "indimmediate": true,
		"indisvalid": true, "indisready": true, "indislive": true, "indkey": r.keyNumbers(), "indcollation": types.NewArray(collations),
		"indclass": types.NewArray(classes), "indoption": types.NewArray(options),
	})
}

// keyNumbers are the numbers of the key's columns in the relation.
func (r *Relation) keyNumbers() types.Value {
	numbers := make([]types.Value, len(r.Key))
	for i, k := range r.Key {
		numbers[i] = types.NewInt(types.Int2, int64(k+1))
	}
	return types.NewArray(numbers)
}

// operatorClass is the default one by which an index orders values of a type, 0 where there is none.
func operatorClass(t types.Type) int64 {
	of := Find("pg_catalog", "pg_opclass").Columns
	oid := int64(t.OID())
	if t.Kind == types.Varchar {
		oid = int64(types.Type{Kind: types.Text}.OID())
	}
	for _, row := range loaded().rows["pg_opclass"] {
		if row[of.Index("opcintype")].I == oid {
			return row[of.Index("oid")].I
		}
	}
	return 0
}

// keyList is the key's columns as they are written.
func (r *Relation) keyList() string {
	columns := r.keyColumns()
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = quoted(c.Name)
	}
	return strings.Join(names, ", ")
}

// indexText is the statement that would make the key's index.
func (r *Relation) indexText(schema string) string {
	return "CREATE UNIQUE INDEX " + quoted(r.keyName()) + " ON " + schema + quoted(r.Name) + " USING btree (" + r.keyList() + ")"
}

// keyFunctions are those that print keys.
func (s *Snapshot) keyFunctions(called string) []expr.Function {
	find := func(oid types.Value, of func(r *Relation) uint32) (found *Relation) {
		s.keyed(func(r *Relation) {
			if int64(of(r)) == oid.I {
				found = r
			}
		})
		return found
	}
	switch called {
	case "pg_get_constraintdef":
		return []expr.Function{{Args: []types.Type{int8, boolean}, Optional: 1, Result: text, Eval: func(a []types.Value) (types.Value, error) {
			r := find(a[0], func(r *Relation) uint32 { return r.KeyOID })
			if r == nil {
				return types.Value{}, nil
			}
			return types.NewText("PRIMARY KEY (" + r.keyList() + ")"), nil
		}}}
	case "pg_get_indexdef":
		return []expr.Function{{Args: []types.Type{int8, int4, boolean}, Optional: 2, Result: text, Eval: func(a []types.Value) (types.Value, error) {
			r := find(a[0], func(r *Relation) uint32 { return r.IndexOID })
			if r == nil {
				return types.Value{}, nil
			}
			if len(a) > 1 && a[1].I != 0 {
				if a[1].I < 0 || a[1].I > int64(len(r.Key)) {
					return types.NewText(""), nil
				}
				return types.NewText(quoted(r.keyColumns()[a[1].I-1].Name)), nil
			}
			schema := "public."
			if len(a) > 2 && a[2].I != 0 {
				schema = ""
			}
			return types.NewText(r.indexText(schema)), nil
		}}}
	}
	return nil
}
