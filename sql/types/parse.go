package types

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Parse reads PostgreSQL's text input of a value of type t (22P02, 22003, 22007, 22008 on failure).
// Timestamps without a zone are read as UTC. Strings of the result point into s.
func Parse(t Type, s string) (Value, error) { return ParseIn(t, s, time.UTC) }

// ParseIn is Parse with timestamptz literals that name no zone read as local times of zone; nil means UTC.
func ParseIn(t Type, s string, zone *time.Location) (Value, error) {
	switch t.Kind {
	case Bool:
		return parseBool(s)
	case Int2, Int4, Int8:
		return parseInt(t.Kind, s)
	case Float4, Float8:
		return parseFloat(t.Kind, s)
	case Numeric:
		return parseNumeric(t, s)
	case Text, Varchar, Char:
		return parseString(t, s)
	case Date:
		return parseDate(s)
	case Time:
		return parseTime(t, s)
	case Timestamp, Timestamptz:
		return parseTimestamp(t, s, zone)
	case Interval:
		return parseInterval(t, s)
	case UUID:
		return parseUUID(s)
	case Bytea:
		return parseBytea(s)
	case JSON, JSONB:
		return parseJSON(t.Kind, s)
	case Array:
		return parseArray(t, s, zone)
	case Unknown:
		return Value{Kind: Unknown, S: s}, checkText(s)
	}
	return Value{}, Errorf(CodeCannotCoerce, "cannot read a value of type %s from text", t)
}

// parseBool takes any unique prefix of true, false, yes, no, on, off, and 1 and 0.
func parseBool(s string) (Value, error) {
	word := strings.ToLower(trimBlanks(s))
	for _, w := range [...]string{"true", "yes", "on", "1"} {
		if boolPrefix(word, w) {
			return NewBool(true), nil
		}
	}
	for _, w := range [...]string{"false", "no", "off", "0"} {
		if boolPrefix(word, w) {
			return NewBool(false), nil
		}
	}
	return Value{}, invalidText(Bool, s)
}

// boolPrefix reports whether word abbreviates whole; a single o could be on or off.
func boolPrefix(word, whole string) bool {
	return word != "" && word != "o" && strings.HasPrefix(whole, word)
}

// parseString fits a string to its declared length as an assignment does.
func parseString(t Type, s string) (Value, error) {
	if err := checkText(s); err != nil {
		return Value{}, err
	}
	return fitString(t, s, false)
}

// checkText refuses what PostgreSQL cannot store as text.
func checkText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return Errorf(CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\": 0x00")
	}
	if utf8.ValidString(s) {
		return nil
	}
	return Errorf(CodeBadUTF8, "invalid byte sequence for encoding \"UTF8\": 0x%02x", s[firstInvalid(s)])
}

func firstInvalid(s string) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}

// fitString makes a string of kind Text, Varchar or Char of s. What is too long is an error, unless only blanks would be
// lost or cut says to cut it, as an explicit cast does. CHAR(n) is padded with blanks to n characters.
func fitString(t Type, s string, cut bool) (Value, error) {
	if t.Kind == Text || t.Len == 0 {
		return Value{Kind: t.Kind, S: fitAlias(t.Alias, s)}, nil
	}
	limit := int(t.Len)
	if len(s) > limit {
		end, n := characters(s, limit)
		if n == limit && end < len(s) {
			if !cut && strings.TrimRight(s[end:], " ") != "" {
				return Value{}, Errorf(CodeStringTooLong, "value too long for type %s", t)
			}
			return Value{Kind: t.Kind, S: s[:end]}, nil
		}
	}
	if t.Kind == Char {
		if missing := limit - utf8.RuneCountInString(s); missing > 0 {
			s += strings.Repeat(" ", missing)
		}
	}
	return Value{Kind: t.Kind, S: s}, nil
}

// characters returns the byte length of the first limit characters of s, and how many there are.
func characters(s string, limit int) (end, n int) {
	for end < len(s) && n < limit {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
		n++
	}
	return end, n
}
