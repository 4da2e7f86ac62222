package files

import (
	"bytes"
	"strconv"
	"strings"
	"unsafe"

	"github.com/asofdb/asof/sql/types"
)

// shapes are what a text can be read as.
type shapes uint8

const (
	integer shapes = 1 << iota
	number
	date
	timestamp
	timestamptz
)

// inference is what is known of a column's type.
type inference struct {
	left   shapes // what all values so far can be read as
	values bool   // there was one
	digits bool   // and one that was a number and not just NaN or an infinity
}

func newInference() inference {
	return inference{left: integer | number | date | timestamp | timestamptz}
}

// add takes a value into account.
func (f *inference) add(text []byte) {
	f.values = true
	if f.left == 0 {
		return
	}
	s, digits := shapesOf(text)
	f.left &= s
	f.digits = f.digits || digits
}

// kind is the column's type.
func (f *inference) kind() types.Kind {
	switch {
	case !f.values:
		return types.Text
	case f.left&integer != 0:
		return types.Int8
	case f.left&number != 0 && f.digits:
		return types.Numeric
	case f.left&date != 0:
		return types.Date
	case f.left&timestamp != 0:
		return types.Timestamp
	case f.left&timestamptz != 0:
		return types.Timestamptz
	}
	return types.Text
}

// shapesOf says what a text can be read as; digits, whether it is a finite number.
func shapesOf(text []byte) (s shapes, digits bool) {
	if len(text) == 0 {
		return 0, false
	}
	if len(text) >= len("2025-05-01") && text[4] == '-' {
		return momentShape(text), false
	}
	switch c := text[0]; {
	case '0' <= c && c <= '9', c == '-' && len(text) > 1 && text[1] != 'I' && text[1] != 'i', c == '.':
		s = numberShape(text)
		return s, s != 0
	}
	switch string(text) {
	case "NaN", "Infinity", "-Infinity", "inf", "-inf":
		return number, false
	}
	return 0, false
}

// Limits of what is taken for a number; a longer text is an id.
const (
	maxNumber   = 1000 // bytes
	maxExponent = 400  // more than a double has
)

// numberShape reads [-]digits[.digits][e[±]digits]. A number has no zeros before its first digit, and no plus.
func numberShape(text []byte) shapes {
	if len(text) > maxNumber {
		return 0
	}
	rest := bytes.TrimPrefix(text, []byte{'-'})
	whole, rest := cutDigits(rest)
	if len(whole) > 1 && whole[0] == '0' {
		return 0
	}
	if len(rest) == 0 && len(whole) > 0 {
		if _, err := strconv.ParseInt(stringOf(text), 10, 64); err != nil {
			return number
		}
		return integer | number
	}
	if len(rest) > 0 && rest[0] == '.' {
		var fraction []byte
		if fraction, rest = cutDigits(rest[1:]); len(fraction) == 0 {
			return 0
		}
	} else if len(whole) == 0 {
		return 0
	}
	if len(rest) == 0 {
		return number
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return 0
	}
	if e, err := strconv.Atoi(stringOf(rest[1:])); err != nil || e < -maxExponent || e > maxExponent {
		return 0
	}
	return number
}

func cutDigits(b []byte) (digits, rest []byte) {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return b[:n], b[n:]
}

// momentShape reads a date or a timestamp in ISO 8601, with or without a zone.
func momentShape(text []byte) shapes {
	s, kind := timestamp, types.Timestamp
	switch clock := text[10:]; {
	case len(clock) == 0:
		s, kind = date|timestamp, types.Date
	case clock[0] != ' ' && clock[0] != 'T':
		return 0
	default:
		zone := bytes.TrimLeft(clock[1:], "0123456789:.")
		switch {
		case len(zone) == len(clock)-1:
			return 0 // no time of day
		case len(zone) == 0:
		case string(zone) == "Z", string(zone) == "UTC", string(zone) == " UTC",
			(zone[0] == '+' || zone[0] == '-') && len(bytes.Trim(zone[1:], "0123456789:")) == 0:
			s, kind = timestamptz, types.Timestamptz
		default:
			return 0
		}
	}
	if _, err := types.Parse(types.Type{Kind: kind}, micros(stringOf(text))); err != nil {
		return 0
	}
	return s
}

// micros cuts the digits of a second behind the sixth: the microsecond that a finer moment lies in. Rounding would make some moments later
// than they were, and a label could see what came after it.
func micros(text string) string {
	point := strings.IndexByte(text, '.')
	if point < 0 {
		return text
	}
	end := point + 1
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	if end-point-1 <= 6 {
		return text
	}
	return text[:point+7] + text[end:]
}

// stringOf returns b as a string that is used before b changes.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
