package types

import "testing"

func TestTypesHavePostgresOIDsAndModifiers(t *testing.T) {
	for name, want := range map[string]struct {
		oid      uint32
		modifier int32
	}{
		"numeric(12,2)":               {1700, 12<<16 | 2 + 4},
		"numeric(3,-2)":               {1700, 3<<16 | 0x7fe + 4},
		"numeric":                     {1700, -1},
		"varchar(20)":                 {1043, 24},
		"char(3)[]":                   {1014, 7},
		"timestamp(3) with time zone": {1184, 3},
		"interval(2)":                 {1186, 0x7fff<<16 | 2},
		"bigint[]":                    {1016, -1},
		"name":                        {19, -1},
		"oid[]":                       {1028, -1},
		`"char"`:                      {18, -1},
		"regclass":                    {2205, -1},
	} {
		typ, err := ParseType(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if typ.OID() != want.oid || typ.Modifier() != want.modifier {
			t.Errorf("%s: OID %d, modifier %d, want %d, %d", name, typ.OID(), typ.Modifier(), want.oid, want.modifier)
		}
		if back, ok := TypeOfOID(want.oid, want.modifier); !ok || back != typ {
			t.Errorf("%s came back as %s", name, back)
		}
	}
}

func TestACastToAnAliasCuts(t *testing.T) {
	v, err := Cast(NewText("abc"), AliasOf(InternalChar))
	if err != nil || v.S != "a" {
		t.Errorf(`'abc'::"char" is %q, %v`, v.S, err)
	}
}
