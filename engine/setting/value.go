package setting

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// Check brings a value to its base form, or says what is wrong with it.
func (s *Setting) Check(value string) (string, error) {
	switch s.Type {
	case "bool":
		return s.boolean(value)
	case "enum":
		return s.word(value)
	case "integer", "real":
		return s.number(value)
	}
	return value, nil
}

// Show prints a value in its base form as SHOW does: numbers in the largest unit that they are whole in.
func (s *Setting) Show(value string) string {
	if s.Type != "integer" || s.Unit == "" {
		return value
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 {
		return value
	}
	units := unitsOf(s.Unit)
	n *= factor(s.Unit)
	for i := len(units) - 1; i >= 0; i-- {
		if n%units[i].base == 0 {
			return strconv.FormatInt(n/units[i].base, 10) + units[i].name
		}
	}
	return value
}

func (s *Setting) bad(value string) *types.Error {
	return types.Errorf(types.CodeInvalidParameter, "invalid value for parameter \"%s\": \"%s\"", s.Name, value)
}

// boolean reads a truth value: any beginning of true, false, yes, no, on, off that is no beginning of another, 1 or 0.
func (s *Setting) boolean(value string) (string, error) {
	v := strings.ToLower(value)
	begins := func(word string, least int) bool { return len(v) >= least && strings.HasPrefix(word, v) }
	switch {
	case v == "1", begins("true", 1), begins("yes", 1), begins("on", 2):
		return "on", nil
	case v == "0", begins("false", 1), begins("no", 1), begins("off", 2):
		return "off", nil
	}
	return "", types.Errorf(types.CodeInvalidParameter, "parameter \"%s\" requires a Boolean value", s.Name).WithHint("Write on or off.")
}

func (s *Setting) word(value string) (string, error) {
	for _, w := range s.Words {
		if strings.EqualFold(w, value) {
			return w, nil
		}
	}
	return "", s.bad(value).WithHint("Available values: %s.", strings.Join(s.Words, ", "))
}

// unit is a name of a unit, and how many of the smallest unit of its kind it is.
type unit struct {
	name string
	base int64
}

var (
	times = []unit{{"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"min", 60e6}, {"h", 3600e6}, {"d", 86400e6}}
	sizes = []unit{{"B", 1}, {"kB", 1 << 10}, {"MB", 1 << 20}, {"GB", 1 << 30}, {"TB", 1 << 40}}
)

// unitsOf are the units that a value with this one can be written in, the smallest first.
func unitsOf(name string) []unit {
	for _, u := range times {
		if u.name == name {
			return times
		}
	}
	return sizes
}

// factor is how many of the smallest unit of its kind a setting's unit is.
func factor(name string) int64 {
	if name == "8kB" {
		return 8 << 10
	}
	for _, u := range unitsOf(name) {
		if u.name == name {
			return u.base
		}
	}
	return 1
}

// number reads an integer or a real, with or without a unit.
func (s *Setting) number(value string) (string, error) {
	digits, name := cutUnit(strings.TrimSpace(value))
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil || math.IsNaN(f) {
		if n, hex := strconv.ParseInt(digits, 0, 64); hex == nil {
			f = float64(n)
		} else {
			return "", s.unreadable(value)
		}
	}
	if name != "" {
		if s.Unit == "" {
			return "", s.bad(value)
		}
		of := int64(0)
		for _, u := range unitsOf(s.Unit) {
			if u.name == name {
				of = u.base
			}
		}
		if of == 0 {
			return "", s.unreadable(value)
		}
		f *= float64(of) / float64(factor(s.Unit))
	}
	if s.Type == "integer" {
		f = math.RoundToEven(f)
	}
	if low, high := s.bound(s.Min, math.Inf(-1)), s.bound(s.Max, math.Inf(1)); f < low || f > high {
		of := ""
		if s.Unit != "" {
			of = " " + s.Unit
		}
		return "", types.Errorf(types.CodeInvalidParameter, "%s%s is outside the valid range for parameter \"%s\" (%s .. %s)", strconv.FormatFloat(f, 'g', -1, 64), of, s.Name, s.Min, s.Max)
	}
	if s.Type == "integer" {
		return strconv.FormatInt(int64(f), 10), nil
	}
	return strconv.FormatFloat(f, 'g', -1, 64), nil
}

// unreadable is the error of a number that is none, with the units that it may have.
func (s *Setting) unreadable(value string) error {
	e := s.bad(value)
	if s.Unit == "" {
		return e
	}
	hint := `Valid units for this parameter are "B", "kB", "MB", "GB", and "TB".`
	if unitsOf(s.Unit)[0].name == "us" {
		hint = `Valid units for this parameter are "us", "ms", "s", "min", "h", and "d".`
	}
	return e.WithHint("%s", hint)
}

func (s *Setting) bound(text string, none float64) float64 {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return none
	}
	return f
}

// cutUnit cuts a number from the letters behind it.
func cutUnit(value string) (digits, name string) {
	end := len(value)
	for end > 0 && (value[end-1] >= 'a' && value[end-1] <= 'z' || value[end-1] >= 'A' && value[end-1] <= 'Z') {
		end--
	}
	if end == 0 {
		return value, ""
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil { // 1e5
		return value, ""
	}
	return strings.TrimSpace(value[:end]), value[end:]
}

// DateStyle reads a list of words about the style of dates and the order of their fields. Only PostgreSQL's default style is printed and read.
func DateStyle(value string) (string, error) {
	for _, w := range strings.Split(value, ",") {
		switch w = strings.ToLower(strings.TrimSpace(w)); w {
		case "iso", "mdy", "us", "noneuro", "noneuropean", "default":
		case "postgres", "sql", "german", "dmy", "ymd", "euro", "european":
			return "", types.Errorf(types.CodeNotSupported, "DateStyle %s is not supported", value).WithHint("Times are written as ISO, MDY.")
		default:
			return "", Find("datestyle").bad(value)
		}
	}
	return "ISO, MDY", nil
}

// Encoding reads the name of a client's encoding, of which there is one.
func Encoding(value string) (string, error) {
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, value)
	switch name {
	case "utf8", "unicode":
		return "UTF8", nil
	case "sqlascii":
		return "SQL_ASCII", nil
	}
	return "", Find("client_encoding").bad(value).WithHint("Text is UTF8.")
}

// Join makes the value of a list of names, each quoted where PostgreSQL would.
func Join(names []string, quote func(string) string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quote(n)
	}
	return strings.Join(quoted, ", ")
}

// Unsupported says of a value that PostgreSQL knows that asof does not do as it says; nil where it does, or where it makes no difference.
func (s *Setting) Unsupported(value string) error {
	only := map[string]string{"IntervalStyle": "postgres", "bytea_output": "hex", "standard_conforming_strings": "on", "transform_null_equals": "off"}[s.Name]
	if only == "" || only == value {
		return nil
	}
	return types.Errorf(types.CodeNotSupported, "%s %s is not supported", s.Name, value).WithHint("%s", fmt.Sprintf("It is %s.", only))
}
