package pgcatalog

import (
	"embed"
	"strconv"
	"strings"
	"sync"

	"github.com/asofdb/asof/sql/types"
)

//go:embed data
var files embed.FS

// Table is a relation of pg_catalog or information_schema. It is shared and must not be changed.
type Table struct {
	Schema, Name string
	OID          uint32
	Kind         string // relkind: r or v
	Columns      types.Schema
}

// System are the columns that every table has and * does not stand for.
var System = types.Schema{{Name: "tableoid", Type: types.AliasOf(types.OID)}, {Name: "xmin", Type: types.AliasOf(types.XID)}}

// static is what does not depend on a database.
type static struct {
	tables   []*Table
	byName   map[string]*Table // schema.name
	rows     map[string][][]types.Value
	procs    map[string]int64 // OIDs by name
	procName map[int64]string
	typeName map[int64]string
	typeOIDs map[string]int64
}

var loaded = sync.OnceValue(load)

// Find returns a relation of a schema, nil where there is none.
func Find(schema, name string) *Table { return loaded().byName[schema+"."+name] }

func lines(name string) []string {
	b, err := files.ReadFile("data/" + name + ".txt")
	if err != nil {
		panic("pgcatalog: " + err.Error())
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func load() *static {
	s := &static{
		byName: map[string]*Table{}, rows: map[string][][]types.Value{}, procs: map[string]int64{}, procName: map[int64]string{},
		typeName: map[int64]string{}, typeOIDs: map[string]int64{},
	}
	for _, line := range lines("relations") {
		f := strings.Split(line, "\t")
		t := &Table{Schema: f[0], Name: f[1], Kind: f[2], OID: uint32(number(f[3]))}
		words := strings.Fields(f[4])
		for i := 0; i < len(words); i += 2 {
			typ, notNull := strings.CutSuffix(words[i+1], "!")
			t.Columns = append(t.Columns, types.Column{Name: words[i], Type: columnType(typ), NotNull: notNull})
		}
		s.add(t)
	}
	s.add(&Table{Schema: "pg_catalog", Name: "pg_get_keywords()", Columns: types.Schema{
		{Name: "word", Type: types.Type{Kind: types.Text}},
		{Name: "catcode", Type: types.AliasOf(types.InternalChar)},
		{Name: "barelabel", Type: types.Type{Kind: types.Bool}},
		{Name: "catdesc", Type: types.Type{Kind: types.Text}},
		{Name: "baredesc", Type: types.Type{Kind: types.Text}},
	}})
	for _, line := range lines("pg_proc") {
		f := strings.SplitN(line, "\t", 3)
		s.procs[f[1]], s.procName[number(f[0])] = number(f[0]), f[1]
	}
	for file, name := range map[string]string{
		"pg_proc": "pg_proc", "pg_type": "pg_type", "pg_am": "pg_am", "pg_range": "pg_range", "pg_tablespace": "pg_tablespace", "pg_collation": "pg_collation", "pg_opclass": "pg_opclass",
		"keywords": "pg_get_keywords()",
	} {
		t := s.byName["pg_catalog."+name]
		for _, line := range lines(file) {
			s.rows[name] = append(s.rows[name], s.read(t, line))
		}
	}
	for _, row := range s.rows["pg_type"] {
		s.typeName[row[0].I], s.typeOIDs[row[1].S] = row[1].S, row[0].I
	}
	return s
}

func (s *static) add(t *Table) {
	if t.Name != "pg_get_keywords()" {
		s.tables = append(s.tables, t)
	}
	s.byName[t.Schema+"."+t.Name] = t
}

// columnType is the type of a column as format_type prints it, with _ for blanks.
func columnType(name string) types.Type {
	switch name {
	case "information_schema.sql_identifier":
		return types.AliasOf(types.Name)
	case "information_schema.character_data", "information_schema.yes_or_no":
		return types.Type{Kind: types.Varchar}
	case "information_schema.cardinal_number":
		return types.Type{Kind: types.Int4}
	case "information_schema.time_stamp":
		return types.Type{Kind: types.Timestamptz}
	case "int2vector":
		return types.ArrayOf(types.Type{Kind: types.Int2})
	case "oidvector":
		return types.ArrayOf(types.AliasOf(types.OID))
	}
	t, err := types.ParseType(name)
	if err != nil {
		t, err = types.ParseType(strings.ReplaceAll(name, "_", " "))
	}
	switch {
	case err == nil:
		return t
	case strings.HasSuffix(name, "[]"):
		return types.ArrayOf(types.Type{Kind: types.Text})
	}
	return types.Type{Kind: types.Text}
}

// read reads a row as COPY writes it.
func (s *static) read(t *Table, line string) []types.Value {
	fields := strings.Split(line, "\t")
	row := make([]types.Value, len(t.Columns))
	for i, f := range fields {
		typ := t.Columns[i].Type
		switch {
		case f == `\N`:
			continue
		case typ.Alias == types.Regproc:
			row[i] = types.NewInt8(s.procs[f])
			continue
		case typ.Kind == types.Array && !strings.HasPrefix(f, "{"): // a vector
			f = "{" + strings.Join(strings.Fields(f), ",") + "}"
		}
		v, err := types.Parse(typ, strings.ReplaceAll(f, `\\`, `\`))
		if err != nil {
			panic("pgcatalog: " + t.Name + "." + t.Columns[i].Name + ": " + err.Error())
		}
		row[i] = v
	}
	return row
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic("pgcatalog: " + err.Error())
	}
	return n
}

// cells are the columns of a row that are not empty, as int, int64, uint32, bool, string or types.Value.
type cells map[string]any

// row is a row of t with these cells; the others are NULL, or zero where they cannot be.
func (t *Table) row(c cells) []types.Value {
	row := make([]types.Value, len(t.Columns))
	for i, col := range t.Columns {
		v, ok := c[col.Name]
		switch x := v.(type) {
		case nil:
			if !ok && col.NotNull {
				row[i] = zero(col.Type)
			}
		case types.Value:
			row[i] = x
		case string:
			row[i] = types.Value{Kind: col.Type.Kind, S: x}
		case bool:
			row[i] = types.NewBool(x)
		case int:
			row[i] = numberOf(col.Type, int64(x))
		case uint32:
			row[i] = numberOf(col.Type, int64(x))
		default:
			panic("pgcatalog: a cell of no known type")
		}
	}
	return row
}

func numberOf(t types.Type, n int64) types.Value {
	if t.Kind == types.Float4 {
		return types.NewFloat4(float32(n))
	}
	return types.NewInt(t.Kind, n)
}

func zero(t types.Type) types.Value {
	switch t.Kind {
	case types.Float4:
		return types.NewFloat4(0)
	case types.Array:
		return types.NewArray(nil)
	}
	return types.Value{Kind: t.Kind}
}
