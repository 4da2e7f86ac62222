package decode

import (
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// defaultPlaceholder is Debezium's default for unavailable.value.placeholder.
const defaultPlaceholder = "__debezium_unavailable_value"

// placeholder recognises what a connector writes for a value that it did not have (an unchanged TOAST column): the
// configured text; for bytes, the text's bytes in each of their encodings; for a map, the text as key and value; for an array, one
// element or the text's bytes as numbers. A value of the user's that equals it cannot be told from it.
type placeholder struct {
	forms    []string // as they stand between the quotes of a JSON string
	document string
	bytes    string // the shortest form
}

// newPlaceholder takes the connector's own setting, which may be given as "hex:" and bytes.
func newPlaceholder(setting string) (placeholder, error) {
	s := setting
	if digits, ok := strings.CutPrefix(setting, "hex:"); ok {
		b, err := hex.DecodeString(digits)
		if err != nil {
			return placeholder{}, types.Errorf(types.CodeInvalidParameter, "unavailable_value_placeholder = %q is not hexadecimal behind hex:", setting)
		}
		s = string(b)
	}
	if s == "" {
		return placeholder{}, types.Errorf(types.CodeInvalidParameter, "unavailable_value_placeholder is empty").
			WithHint("leave the option out for Debezium's default, %s", defaultPlaceholder)
	}
	b := []byte(s)
	return placeholder{
		forms: []string{
			s,
			base64.StdEncoding.EncodeToString(b),
			base64.URLEncoding.EncodeToString(b),
			hex.EncodeToString(b),
		},
		document: `{"` + s + `":"` + s + `"}`,
		bytes:    s,
	}, nil
}

func (p *placeholder) is(t token) bool {
	if len(t.raw) < len(p.bytes) {
		return false
	}
	switch t.kind {
	case stringToken:
		for _, form := range p.forms {
			if len(form) == len(t.raw) && form == text(t.raw) {
				return true
			}
		}
	case objectToken:
		return len(t.raw) == len(p.document) && p.document == text(t.raw)
	}
	return false
}

// isNumbers reports whether elems are the placeholder of an array of integers.
func (p *placeholder) isNumbers(elems []types.Value) bool {
	if len(elems) != len(p.bytes) {
		return false
	}
	for i, e := range elems {
		switch {
		case e.Kind != types.Int2 && e.Kind != types.Int4 && e.Kind != types.Int8:
			return false
		case e.I != int64(int8(p.bytes[i])):
			return false
		}
	}
	return true
}
