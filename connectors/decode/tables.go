package decode

import (
	"encoding/json"
	"strings"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// tables decides which records are the source's. The option table names them, as "table", "schema.table" or with the database before
// it; without it the first table seen is the source's. A record of a second table that fits is an error.
type tables struct {
	want  string
	topic string // that the records come from, PREFIX.SCHEMA.TABLE; "" for a file
	ours  string // the full name that was found to be the source's
	names map[string]*tableName

	last    *tableName // of the last record, and its key
	lastKey []byte
	key     []byte // scratch
}

// tableName is how a table is called in messages, and whether it is one that the source may mean.
type tableName struct {
	full string
	fits bool
}

// maxTableNames bounds how many tables are remembered; then remembering begins anew.
const maxTableNames = 4096

// newTables is told which table is wanted, and which one the source has begun with before this decoder was made.
func newTables(want, begun, topic string) tables {
	return tables{want: want, ours: begun, topic: topic, names: map[string]*tableName{}}
}

// selects fills in ev.Table and reports whether the record is of the source's table. One that names no table is.
func (ts *tables) selects(s *scanner, src *source, ev *engine.Event) (bool, error) {
	table := s.text(src[sourceTable])
	if len(table) == 0 {
		return true, nil
	}
	name := ts.name(s.text(src[sourceDB]), s.text(src[sourceSchema]), table)
	ev.Table = name.full
	switch {
	case !name.fits:
		return false, nil
	case ts.ours == "":
		ts.ours = name.full
		return true, nil
	case ts.ours == name.full:
		return true, nil
	}
	return false, types.Errorf(types.CodeInvalidSource, "the record is of table %s, but the source has begun with records of %s", name.full, ts.ours).
		WithHint("say which table the source is: add table = '%s' to its options", ts.ours)
}

// own returns how many of a transaction's events are of the source's table, by what END says of its tables; -1 where the source does not know its table yet, or END says nothing.
func (ts *tables) own(collections []byte, all int64) int64 {
	var list []struct {
		Name  string `json:"data_collection"`
		Count int64  `json:"event_count"`
	}
	if json.Unmarshal(collections, &list) != nil || list == nil && all > 0 {
		return -1
	}
	n, bare := int64(0), !strings.Contains(ts.ours, ".") // as flattened records call it
	for _, c := range list {
		switch {
		case ts.ours != "":
			if ts.ours == c.Name || bare && strings.HasSuffix(c.Name, "."+ts.ours) {
				n += c.Count
			}
		case ts.want != "":
			if c.Name == ts.want || strings.HasSuffix("."+c.Name, "."+ts.want) || strings.HasSuffix(ts.want, "."+c.Name) {
				n += c.Count
			}
		case ts.topic != "":
			if strings.HasSuffix(ts.topic, "."+c.Name) {
				n += c.Count
			}
		default:
			return -1
		}
	}
	return n
}

// name returns the name of a record's table.
func (ts *tables) name(db, schema, table []byte) *tableName {
	ts.key = append(append(append(append(append(ts.key[:0], db...), 0), schema...), 0), table...)
	if ts.last != nil && string(ts.key) == string(ts.lastKey) {
		return ts.last
	}
	name := ts.names[string(ts.key)]
	if name == nil {
		if len(ts.names) == maxTableNames {
			clear(ts.names)
		}
		name = ts.newName(string(db), string(schema), string(table))
		ts.names[string(ts.key)] = name
	}
	ts.last, ts.lastKey = name, append(ts.lastKey[:0], ts.key...)
	return name
}

func (ts *tables) newName(db, schema, table string) *tableName {
	name := &tableName{full: table}
	switch {
	case schema != "":
		name.full = schema + "." + table
	case db != "":
		name.full = db + "." + table
	}
	name.fits = ts.want == "" || ts.want == table || ts.want == name.full || schema != "" && ts.want == db+"."+name.full ||
		name.full == table && strings.HasSuffix(ts.want, "."+table) // a flattened record says no more
	return name
}
