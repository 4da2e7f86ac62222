package resp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Keys look like features:customer:42, features:customer_merchant:42:shop%3A7 and, for a feature without key, features:totals.
//
// The key of one column is written as it is. The parts of one of several are joined by colons, and in them %, :, { and } are %25, %3A, %7B and
// %7D, as they are in the entity's name. A part that stands wholly in braces is a hash tag for a cluster: it means what the braces hold. NULL, which is an entity
// like others, is the character NUL, %00 in a key of several parts.
const keyPrefix = "features:"

const hashType = "hash"

const nullPart = "\x00"

var escaper = strings.NewReplacer("%", "%25", ":", "%3A", "{", "%7B", "}", "%7D", nullPart, "%00")

var errEscape = errors.New("% is not followed by two hexadecimal digits")

// unescape undoes what escaper does, and any other %XX.
func unescape(s string) (string, error) {
	at := strings.IndexByte(s, '%')
	if at < 0 {
		return s, nil
	}
	var b strings.Builder
	for ; at >= 0; at = strings.IndexByte(s, '%') {
		if len(s) < at+3 || !isHex(s[at+1]) || !isHex(s[at+2]) {
			return "", errEscape
		}
		c, _ := strconv.ParseUint(s[at+1:at+3], 16, 8)
		b.WriteString(s[:at])
		b.WriteByte(byte(c))
		s = s[at+3:]
	}
	b.WriteString(s)
	return b.String(), nil
}

// parseKey reads a key. columns tells how many key columns an entity has, 0 where there is none. ok is false for a key that cannot be there.
func parseKey(key string, columns func(entity string) int) (ref engine.EntityRef, ok bool, err error) {
	rest, ok := strings.CutPrefix(key, keyPrefix)
	if !ok {
		return ref, false, nil
	}
	name, rest, keyed := strings.Cut(rest, ":")
	if ref.Entity, err = unescape(name); err != nil {
		return ref, false, fmt.Errorf("key %.200q: %w", key, err)
	}
	if !keyed {
		return ref, true, nil
	}
	n := columns(ref.Entity)
	if n <= 0 {
		return ref, false, nil
	}
	if n == 1 {
		ref.Key = []types.Value{part(untag(rest))}
		return ref, true, nil
	}
	for text := range strings.SplitSeq(rest, ":") {
		if text, err = unescape(untag(text)); err != nil {
			return ref, false, fmt.Errorf("key %.200q: %w; write %% as %%25", key, err)
		}
		ref.Key = append(ref.Key, part(text))
	}
	return ref, true, nil
}

func untag(s string) string {
	if len(s) >= 2 && s[0] == '{' && s[len(s)-1] == '}' {
		return s[1 : len(s)-1]
	}
	return s
}

func part(s string) types.Value {
	if s == nullPart {
		return types.Value{}
	}
	return types.NewText(s)
}

// appendKey writes the key that parseKey reads.
func appendKey(dst []byte, ref engine.EntityRef) []byte {
	dst = append(dst, keyPrefix...)
	dst = append(dst, escaper.Replace(ref.Entity)...)
	for _, v := range ref.Key {
		dst = append(dst, ':')
		text := nullPart
		if !v.IsNull() {
			text = v.String()
		}
		switch {
		case len(ref.Key) > 1:
			dst = append(dst, escaper.Replace(text)...)
		case untag(text) != text:
			dst = append(append(append(dst, '{'), text...), '}')
		default:
			dst = append(dst, text...)
		}
	}
	return dst
}
