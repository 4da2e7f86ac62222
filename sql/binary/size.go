package binary

import "github.com/asofdb/asof/sql/types"

// sizes are those of the kinds whose values all have the same.
var sizes = map[types.Kind]int16{
	types.Bool: 1, types.Int2: 2, types.Int4: 4, types.Int8: 8, types.Float4: 4, types.Float8: 8, types.Date: 4, types.Time: 8, types.Timestamp: 8, types.Timestamptz: 8,
	types.Interval: 16, types.UUID: 16,
}

// Size is the size in bytes that PostgreSQL's catalog gives a type, -1 where values differ in it.
func Size(t types.Type) int16 {
	switch {
	case t.Kind == types.Array:
		return -1
	case t.Alias == types.Name:
		return 64
	case t.Alias == types.InternalChar:
		return 1
	case isOID(t):
		return 4
	}
	if n, ok := sizes[t.Kind]; ok {
		return n
	}
	return -1
}

// isOID reports whether a type's values are OIDs, of four bytes.
func isOID(t types.Type) bool { return t.Alias != types.NoAlias && t.Alias.Kind() == types.Int8 }
