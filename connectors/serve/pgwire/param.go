package pgwire

import (
	"unicode/utf8"

	"github.com/asofdb/asof/sql/binary"
	"github.com/asofdb/asof/sql/types"
)

// textParameter is a parameter in text form; the engine reads it as the parameter's type.
func textParameter(raw []byte) (types.Value, error) {
	s := string(raw)
	return types.NewText(s), validUTF8(s)
}

// validUTF8 refuses what is not UTF-8, or has a zero byte, in PostgreSQL's words.
func validUTF8(s string) error {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return types.Errorf(types.CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\": 0x%02x", s[i])
		}
		i += n
	}
	return nil
}

// readBinary reads parameter number n in the binary form of its type. An integer of another width is read as it is: clients declare what is narrow enough.
func readBinary(t types.Type, b []byte, n int) (types.Value, error) {
	v, ok, err := binary.Read(t, b)
	if err == nil && !ok {
		err = types.Errorf(codeBadBinary, "incorrect binary data format in bind parameter %d", n).WithHint("it is to be of type %s", t)
	}
	return v, err
}

// typeOf is the type of a parameter that a client declared, zero where it leaves that to us.
func typeOf(oid uint32) (types.Type, error) {
	t, ok := types.TypeOfOID(oid, -1)
	switch {
	case oid == 0 || t.Kind == types.Unknown:
		return types.Type{}, nil
	case !ok:
		return t, types.Errorf(types.CodeUndefinedObject, "type with OID %d does not exist", oid).WithHint("declare no type for the parameter, or text")
	}
	return t, nil
}

func oidsOf(ts []types.Type) []uint32 {
	o := make([]uint32, len(ts))
	for i, t := range ts {
		o[i] = t.OID()
	}
	return o
}
