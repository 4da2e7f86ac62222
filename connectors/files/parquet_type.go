package files

import (
	"strings"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/asofdb/asof/sql/types"
)

// parquetField is a column of a Parquet file.
type parquetField struct {
	name string
	typ  types.Type
	leaf int // its place among the columns that hold values
	// physical is the type of the values as they are stored, or of a list's elements.
	physical parquet.Type
	length   int   // of a fixed byte array
	unit     int64 // of a time: how many there are in a second
	// maxDef is the definition level of a value that is there. A list is NULL below present, and has no element below element.
	maxDef, present, element int16
	list                     bool
}

// fieldsOf describes the columns of a file.
func fieldsOf(s *schema.Schema) ([]parquetField, error) {
	var fields []parquetField
	root, leaf := s.Root(), 0
	seen := map[string]bool{}
	for i := range root.NumFields() {
		f, err := fieldOf(root.Field(i))
		if err != nil {
			return nil, err
		}
		if seen[f.name] {
			return nil, types.Errorf(types.CodeDuplicateColumn, "the file has two columns %q", f.name)
		}
		seen[f.name] = true
		f.leaf = leaf
		leaf++ // every field that is not refused has one
		fields = append(fields, f)
	}
	if len(fields) == 0 {
		return nil, types.Errorf(types.CodeInvalidSource, "the file has no columns")
	}
	return fields, nil
}

func fieldOf(n schema.Node) (parquetField, error) {
	f := parquetField{name: n.Name()}
	value := n
	if n.RepetitionType() == parquet.Repetitions.Optional {
		f.maxDef = 1
	}
	switch n.RepetitionType() {
	case parquet.Repetitions.Repeated: // a list that is never NULL, without a group around it
		f.list, f.maxDef, f.element = true, 1, 1
	default:
		if group, ok := n.(*schema.GroupNode); ok {
			elem, ok := element(group)
			if !ok {
				return f, refuseType(n, "a struct or a map")
			}
			f.list, f.present = true, f.maxDef
			f.maxDef++ // the repeated node
			f.element = f.maxDef
			if elem.RepetitionType() == parquet.Repetitions.Optional {
				f.maxDef++
			}
			value = elem
		}
	}
	p, ok := value.(*schema.PrimitiveNode)
	if !ok {
		return f, refuseType(n, "nested more than one list deep")
	}
	f.physical, f.length = p.PhysicalType(), p.TypeLength()
	if f.physical == parquet.Types.FixedLenByteArray && f.length < 1 {
		return f, refuseType(n, "an array of no bytes")
	}
	if f.typ, f.unit = sqlType(p); f.typ.Kind == types.Null {
		return f, refuseType(n, "of the type "+describe(p))
	}
	if f.list {
		f.typ = types.ArrayOf(f.typ)
	}
	return f, nil
}

// element finds the node of a list's elements: optional group L (LIST) { repeated group list { element } }, or the older form without the
// middle group.
func element(group *schema.GroupNode) (schema.Node, bool) {
	if !isList(group) || group.NumFields() != 1 {
		return nil, false
	}
	repeated := group.Field(0)
	if repeated.RepetitionType() != parquet.Repetitions.Repeated {
		return nil, false
	}
	middle, ok := repeated.(*schema.GroupNode)
	if !ok {
		return repeated, true
	}
	if middle.NumFields() != 1 || middle.Field(0).RepetitionType() == parquet.Repetitions.Repeated {
		return nil, false
	}
	return middle.Field(0), true
}

func isList(group *schema.GroupNode) bool {
	_, ok := group.LogicalType().(schema.ListLogicalType)
	return ok || group.ConvertedType() == schema.ConvertedTypes.List
}

func refuseType(n schema.Node, what string) error {
	return types.Errorf(types.CodeNotSupported, "column %q is %s, which is not supported", n.Name(), what).
		WithHint("write the file without the column, or with it as text")
}

func describe(p *schema.PrimitiveNode) string {
	text := p.PhysicalType().String()
	if l := p.LogicalType(); l != nil && !l.IsNone() {
		text += " as " + l.String()
	}
	return strings.ToUpper(text)
}

// sqlType is the SQL type of a column's values, Null where there is none, and the unit of times.
func sqlType(p *schema.PrimitiveNode) (t types.Type, unit int64) {
	switch l := p.LogicalType().(type) {
	case *schema.DecimalLogicalType:
		if l.Precision() < 1 || l.Precision() > 1000 || l.Scale() < 0 || l.Scale() > l.Precision() {
			return t, 0
		}
		return types.Type{Kind: types.Numeric, Precision: int16(l.Precision()), Scale: int16(l.Scale())}, 0
	case *schema.TimestampLogicalType:
		t.Kind = types.Timestamp
		if l.IsAdjustedToUTC() {
			t.Kind = types.Timestamptz
		}
		return t, unitOf(l.TimeUnit())
	case *schema.TimeLogicalType:
		return types.Type{Kind: types.Time}, unitOf(l.TimeUnit())
	case *schema.IntLogicalType:
		return types.Type{Kind: intKind(l.BitWidth(), l.IsSigned())}, 0
	case schema.DateLogicalType:
		return types.Type{Kind: types.Date}, 0
	case schema.StringLogicalType, schema.EnumLogicalType:
		return types.Type{Kind: types.Text}, 0
	case schema.NullLogicalType:
		return types.Type{Kind: types.Text}, 0
	case schema.JSONLogicalType:
		return types.Type{Kind: types.JSON}, 0
	case schema.UUIDLogicalType:
		if p.TypeLength() == 16 {
			t.Kind = types.UUID
		}
		return t, 0
	case schema.BSONLogicalType, schema.IntervalLogicalType, schema.Float16LogicalType:
		return t, 0
	}
	return types.Type{Kind: physicalKind(p.PhysicalType())}, 0
}

func physicalKind(t parquet.Type) types.Kind {
	switch t {
	case parquet.Types.Boolean:
		return types.Bool
	case parquet.Types.Int32:
		return types.Int4
	case parquet.Types.Int64:
		return types.Int8
	case parquet.Types.Int96:
		return types.Timestamp
	case parquet.Types.Float:
		return types.Float4
	case parquet.Types.Double:
		return types.Float8
	case parquet.Types.ByteArray, parquet.Types.FixedLenByteArray:
		return types.Bytea
	}
	return types.Null
}

// intKind is the smallest integer that holds all values.
func intKind(bits int8, signed bool) types.Kind {
	switch {
	case bits <= 8, bits == 16 && signed:
		return types.Int2
	case bits == 16, bits == 32 && signed:
		return types.Int4
	case bits == 32, signed:
		return types.Int8
	}
	return types.Numeric
}

func unitOf(u schema.TimeUnitType) int64 {
	switch u {
	case schema.TimeUnitMillis:
		return 1e3
	case schema.TimeUnitMicros:
		return 1e6
	}
	return 1e9
}

func list(names []string) string { return strings.Join(names, ", ") }
