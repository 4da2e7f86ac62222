package types

// oids are PostgreSQL's type OIDs, of the type and of arrays of it, fixed since the 1990s.
type oids struct{ scalar, array uint32 }

var kindOIDs = map[Kind]oids{
	Bool: {16, 1000}, Int2: {21, 1005}, Int4: {23, 1007}, Int8: {20, 1016}, Float4: {700, 1021}, Float8: {701, 1022}, Numeric: {1700, 1231},
	Text: {25, 1009}, Varchar: {1043, 1015}, Char: {1042, 1014}, Date: {1082, 1182}, Time: {1083, 1183}, Timestamp: {1114, 1115},
	Timestamptz: {1184, 1185}, Interval: {1186, 1187}, UUID: {2950, 2951}, Bytea: {17, 1001}, JSON: {114, 199}, JSONB: {3802, 3807},
	Unknown: {705, 1009}, Null: {25, 1009},
}

var aliasOIDs = map[Alias]oids{
	Name: {19, 1003}, InternalChar: {18, 1002}, NodeTree: {194, 1009}, ACLItem: {1033, 1034}, OID: {26, 1028}, XID: {28, 1011},
	Regproc: {24, 1008}, Regprocedure: {2202, 2207}, Regclass: {2205, 2210}, Regtype: {2206, 2211}, Regnamespace: {4089, 4090}, Regrole: {4096, 4097}, Regoperator: {2204, 2209},
}

// OID is the OID by which PostgreSQL's catalog and protocol know t; what has no type of its own there is text.
func (t Type) OID() uint32 {
	kind, array := t.Kind, false
	if kind == Array {
		kind, array = t.Elem, true
	}
	o, ok := aliasOIDs[t.Alias]
	if !ok {
		o, ok = kindOIDs[kind]
	}
	switch {
	case !ok:
		return 25
	case array:
		return o.array
	}
	return o.scalar
}

// Modifier is PostgreSQL's type modifier, atttypmod: -1 where there is none.
func (t Type) Modifier() int32 {
	kind := t.Kind
	if kind == Array {
		kind = t.Elem
	}
	switch {
	case kind == Numeric && t.Precision > 0:
		return (int32(t.Precision)<<16 | int32(t.Scale)&0x7ff) + 4
	case (kind == Varchar || kind == Char) && t.Len > 0:
		return t.Len + 4
	case kind == Interval && t.Precision > 0:
		return 0x7fff<<16 | int32(t.fraction())
	case (kind == Time || kind == Timestamp || kind == Timestamptz) && t.Precision > 0:
		return int32(t.fraction())
	}
	return -1
}

// TypeOfOID is the type of an OID and a modifier, -1 for none; ok is false where there is none of that OID here.
func TypeOfOID(oid uint32, modifier int32) (t Type, ok bool) {
	t, ok = typesByOID[oid]
	if !ok || modifier < 0 {
		return t, ok
	}
	kind := t.Kind
	if kind == Array {
		kind = t.Elem
	}
	switch kind {
	case Numeric:
		if modifier >= 4 {
			t.Precision = int16((modifier - 4) >> 16)
			t.Scale = int16((modifier-4)&0x7ff^0x400) - 0x400
		}
	case Varchar, Char:
		if modifier > 4 {
			t.Len = modifier - 4
		}
	case Time, Timestamp, Timestamptz, Interval:
		if digits := modifier & 0xffff; digits <= 6 {
			t.Precision = int16(digits) + 1
		}
	}
	return t, true
}

var typesByOID = func() map[uint32]Type {
	m := map[uint32]Type{}
	add := func(t Type, o oids) {
		m[o.scalar] = t
		if _, ok := m[o.array]; !ok {
			m[o.array] = ArrayOf(t)
		}
	}
	for k, o := range kindOIDs {
		if k != Unknown && k != Null {
			add(Type{Kind: k}, o)
		}
	}
	for a, o := range aliasOIDs {
		if a != NodeTree {
			add(AliasOf(a), o)
		}
	}
	m[194] = AliasOf(NodeTree)
	m[705] = Type{Kind: Unknown}
	return m
}()
