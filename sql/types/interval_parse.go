package types

import (
	"math"
	"strconv"
	"strings"
)

// intervalField is a bit per field of an interval: naming one twice is an error.
type intervalField uint

const (
	fieldMicrosecond intervalField = 1 << iota
	fieldMillisecond
	fieldSecond
	fieldMinute
	fieldHour
	fieldDay
	fieldWeek
	fieldMonth
	fieldYear
	fieldDecade
	fieldCentury
	fieldMillennium

	fieldAllSeconds = fieldSecond | fieldMillisecond | fieldMicrosecond
	fieldTime       = fieldHour | fieldMinute | fieldAllSeconds
)

// intervalUnits are the words PostgreSQL takes for a unit.
var intervalUnits = map[string]intervalField{
	"us": fieldMicrosecond, "usec": fieldMicrosecond, "usecs": fieldMicrosecond, "usecond": fieldMicrosecond,
	"useconds": fieldMicrosecond, "microsecond": fieldMicrosecond, "microseconds": fieldMicrosecond, "microsecon": fieldMicrosecond,
	"ms": fieldMillisecond, "msec": fieldMillisecond, "msecs": fieldMillisecond, "msecond": fieldMillisecond,
	"mseconds": fieldMillisecond, "millisecond": fieldMillisecond, "milliseconds": fieldMillisecond, "millisecon": fieldMillisecond,
	"s": fieldSecond, "sec": fieldSecond, "secs": fieldSecond, "second": fieldSecond, "seconds": fieldSecond,
	"m": fieldMinute, "min": fieldMinute, "mins": fieldMinute, "minute": fieldMinute, "minutes": fieldMinute,
	"h": fieldHour, "hr": fieldHour, "hrs": fieldHour, "hour": fieldHour, "hours": fieldHour,
	"d": fieldDay, "day": fieldDay, "days": fieldDay,
	"w": fieldWeek, "week": fieldWeek, "weeks": fieldWeek,
	"mon": fieldMonth, "mons": fieldMonth, "month": fieldMonth, "months": fieldMonth,
	"y": fieldYear, "yr": fieldYear, "yrs": fieldYear, "year": fieldYear, "years": fieldYear,
	"dec": fieldDecade, "decs": fieldDecade, "decade": fieldDecade, "decades": fieldDecade,
	"c": fieldCentury, "cent": fieldCentury, "century": fieldCentury, "centuries": fieldCentury,
	"mil": fieldMillennium, "mils": fieldMillennium, "millennia": fieldMillennium, "millennium": fieldMillennium,
}

// parseInterval reads "1 year 2 mons 3 days 04:05:06.789", "1-2 3 4:05:06", "90 days ago" and ISO 8601 durations.
func parseInterval(t Type, s string) (Value, error) {
	var b intervalBuilder
	problem := b.phrase(s)
	if problem == badFormat {
		b = intervalBuilder{}
		problem = b.iso8601(trimBlanks(s))
	}
	switch problem {
	case badFormat:
		return Value{}, Errorf(CodeDatetimeFormat, "invalid input syntax for type interval: \"%s\"", s)
	case fieldOverflow22015:
		return Value{}, Errorf(CodeIntervalOverflow, "interval field value out of range: \"%s\"", s)
	}
	v, err := checkedInterval(b.months, b.days, b.us)
	if err != nil {
		return v, err
	}
	return roundInterval(v, t)
}

// CodeIntervalOverflow is PostgreSQL's interval_field_overflow.
const CodeIntervalOverflow = "22015"

// problem is what is wrong with the text of an interval.
type problem int

const (
	noProblem problem = iota
	badFormat
	fieldOverflow22015
)

// intervalBuilder adds up the parts of an interval.
type intervalBuilder struct {
	months, days, us int64
	overflowed       bool
}

// add returns a + b*scale, noting an overflow.
func (b *intervalBuilder) add(a, n, scale int64) int64 {
	p, ok := mulInt64(n, scale)
	sum := a + p
	if !ok || (sum < a) != (p < 0) {
		b.overflowed = true
	}
	return sum
}

// addFractionUS adds fraction*scale microseconds, rounded half away from zero.
func (b *intervalBuilder) addFractionUS(fraction float64, scale int64) {
	if fraction == 0 {
		return
	}
	fraction *= float64(scale)
	us := int64(fraction)
	switch rest := fraction - float64(us); {
	case rest > 0.5:
		us++
	case rest < -0.5:
		us--
	}
	b.us = b.add(b.us, us, 1)
}

// addFractionDays adds fraction*scale days, what is no whole day as time.
func (b *intervalBuilder) addFractionDays(fraction float64, scale int64) {
	if fraction == 0 {
		return
	}
	fraction *= float64(scale)
	days := int64(fraction)
	b.days = b.add(b.days, days, 1)
	b.addFractionUS(fraction-float64(days), day)
}

// addYears adds n+fraction times scale years; fractions of a year are rounded to months.
func (b *intervalBuilder) addYears(n int64, fraction float64, scale int64) {
	b.months = b.add(b.months, n, scale*12)
	b.months = b.add(b.months, int64(math.RoundToEven(fraction*float64(scale)*12)), 1)
}

// addField adds n+fraction of the unit.
func (b *intervalBuilder) addField(unit intervalField, n int64, fraction float64) {
	switch unit {
	case fieldMicrosecond:
		b.addTime(n, fraction, microsecond)
	case fieldMillisecond:
		b.addTime(n, fraction, millisecond)
	case fieldSecond:
		b.addTime(n, fraction, second)
	case fieldMinute:
		b.addTime(n, fraction, minute)
	case fieldHour:
		b.addTime(n, fraction, hour)
	case fieldDay:
		b.days = b.add(b.days, n, 1)
		b.addFractionUS(fraction, day)
	case fieldWeek:
		b.days = b.add(b.days, n, 7)
		b.addFractionDays(fraction, 7)
	case fieldMonth:
		b.months = b.add(b.months, n, 1)
		b.addFractionDays(fraction, 30)
	case fieldYear:
		b.addYears(n, fraction, 1)
	case fieldDecade:
		b.addYears(n, fraction, 10)
	case fieldCentury:
		b.addYears(n, fraction, 100)
	case fieldMillennium:
		b.addYears(n, fraction, 1000)
	}
}

func (b *intervalBuilder) addTime(n int64, fraction float64, scale int64) {
	b.us = b.add(b.us, n, scale)
	b.addFractionUS(fraction, scale)
}

func (b *intervalBuilder) negate() {
	if b.us == math.MinInt64 {
		b.overflowed = true
	}
	b.months, b.days, b.us = -b.months, -b.days, -b.us
}

// outcome turns a noted overflow into the problem it is.
func (b *intervalBuilder) outcome() problem {
	if b.overflowed || b.months != int64(int32(b.months)) || b.days != int64(int32(b.days)) {
		return fieldOverflow22015
	}
	return noProblem
}

// phrase reads PostgreSQL's own form from right to left, for a unit stands behind its number. A number without a unit
// is seconds at the end of the text and days before a time of day.
func (b *intervalBuilder) phrase(s string) problem {
	words, ok := intervalWords(s)
	if !ok || len(words) == 0 {
		return badFormat
	}
	var seen intervalField
	var unit intervalField // of the number to the left; 0 where nothing said it
	ago := false
	for i := len(words) - 1; i >= 0; i-- {
		w := words[i]
		var fields intervalField
		var bad problem
		switch {
		case w.alpha && w.text == "ago":
			if i != len(words)-1 {
				return badFormat
			}
			ago = true
			continue
		case w.alpha && w.text == "@":
			continue
		case w.alpha:
			if unit, ok = intervalUnits[w.text]; !ok {
				return badFormat
			}
			continue
		case strings.Contains(w.text, ":"):
			fields, bad = fieldTime, b.clock(w.text)
			unit = fieldDay
		default:
			if unit == 0 {
				unit = fieldSecond
			}
			fields, unit, bad = b.number(w.text, unit)
		}
		if bad != noProblem {
			return bad
		}
		if fields&seen != 0 {
			return badFormat
		}
		seen |= fields
	}
	if seen == 0 {
		return badFormat
	}
	if ago {
		b.negate()
	}
	return b.outcome()
}

// number adds "12", "-1.5" or SQL's years-months "1-2", and returns the fields it set and the unit that goes on holding.
func (b *intervalBuilder) number(s string, unit intervalField) (intervalField, intervalField, problem) {
	sign, rest := cutSign(s)
	digits, tail := countDigits(rest)
	n, err := strconv.ParseInt(string(sign)+"0"+rest[:digits], 10, 64)
	if err != nil {
		return 0, unit, fieldOverflow22015
	}
	if strings.HasPrefix(tail, "-") {
		return fieldMonth, fieldMonth, b.yearsMonths(n, tail[1:], sign)
	}
	fraction := 0.0
	if tail != "" {
		if fraction, err = parseFractionPart(tail); err != nil {
			return 0, unit, badFormat
		}
	}
	if digits == 0 && tail == "" {
		return 0, unit, badFormat
	}
	if sign == '-' {
		fraction = -fraction
	}
	b.addField(unit, n, fraction)
	fields := unit
	if unit == fieldSecond && fraction != 0 {
		fields = fieldAllSeconds
	}
	return fields, unit, noProblem
}

func (b *intervalBuilder) yearsMonths(years int64, s string, sign byte) problem {
	digits, tail := countDigits(s)
	if digits == 0 || tail != "" {
		return badFormat
	}
	months, err := strconv.ParseInt(s, 10, 32)
	if err != nil || months >= 12 {
		return fieldOverflow22015
	}
	if sign == '-' {
		months = -months
	}
	b.months = b.add(b.months, years, 12)
	b.months = b.add(b.months, months, 1)
	return noProblem
}

// cutSign returns '+' or '-' and what follows the sign.
func cutSign(s string) (byte, string) {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		return s[0], s[1:]
	}
	return '+', s
}

// parseFractionPart reads ".789"; a lone point is 0.
func parseFractionPart(s string) (float64, error) {
	if s == "." {
		return 0, nil
	}
	if digits, tail := countDigits(s[1:]); s[0] != '.' || tail != "" || digits == 0 {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// clock adds [sign] h:mm[:ss[.f]], or mm:ss.f. Hours may exceed a day.
func (b *intervalBuilder) clock(s string) problem {
	sign, rest := cutSign(s)
	us, bad := clockTime(rest)
	if bad != noProblem {
		return bad
	}
	if sign == '-' {
		us = -us
	}
	b.us = b.add(b.us, us, 1)
	return noProblem
}

// clockTime reads h:mm[:ss[.f]] with any number of hours. Two fields with a fraction are minutes and seconds.
func clockTime(s string) (int64, problem) {
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, badFormat
	}
	last, fraction, hasFraction := strings.Cut(parts[len(parts)-1], ".")
	parts[len(parts)-1] = last
	var n [3]int64
	for i, p := range parts {
		if p == "" && i == len(parts)-1 && i > 0 {
			continue // "12:" is 12:00
		}
		if p == "" || !allDigits(p) {
			return 0, badFormat
		}
		v, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return 0, fieldOverflow22015
		}
		n[i] = v
	}
	var us int64
	if hasFraction {
		f, err := parseFractionPart("." + fraction)
		if err != nil {
			return 0, badFormat
		}
		us = int64(math.RoundToEven(f * float64(second)))
		if len(parts) == 2 {
			n = [3]int64{0, n[0], n[1]}
		}
	}
	if n[1] > 59 || n[2] > 60 {
		return 0, fieldOverflow22015
	}
	hours, ok := mulInt64(n[0], hour)
	us += n[1]*minute + n[2]*second
	if !ok || hours+us < hours {
		return 0, fieldOverflow22015
	}
	return hours + us, noProblem
}

// intervalWord is a run of letters, or a number with its sign, fraction and colons.
type intervalWord struct {
	text  string
	alpha bool
}

// intervalWords cuts the text of an interval; "1day" is two words.
func intervalWords(s string) ([]intervalWord, bool) {
	var words []intervalWord
	for i := 0; i < len(s); {
		c := s[i]
		start := i
		switch {
		case blank(c):
			i++
		case c == '@':
			words = append(words, intervalWord{text: "@", alpha: true})
			i++
		case isLetter(c):
			for i < len(s) && isLetter(s[i]) {
				i++
			}
			words = append(words, intervalWord{text: strings.ToLower(s[start:i]), alpha: true})
		case c == '-' || c == '+':
			i++
			for i < len(s) && blank(s[i]) {
				i++
			}
			end := numberEnd(s, i)
			if end == i {
				return nil, false
			}
			words = append(words, intervalWord{text: s[start:start+1] + s[i:end]})
			i = end
		case c-'0' <= 9 || c == '.':
			i = numberEnd(s, i)
			words = append(words, intervalWord{text: s[start:i]})
		default:
			return nil, false
		}
	}
	return words, true
}

// numberEnd returns where the number, time or years-months that begins at i ends.
func numberEnd(s string, i int) int {
	start := i
	for i < len(s) {
		c := s[i]
		if c-'0' > 9 && c != '.' && c != ':' && (c != '-' || i == start) {
			break
		}
		i++
	}
	return i
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// iso8601 reads P1Y2M3DT4H5M6.7S, with signs and fractions at any part, and the form P0001-02-03T04:05:06.
func (b *intervalBuilder) iso8601(s string) problem {
	if len(s) < 2 || s[0] != 'P' {
		return badFormat
	}
	rest, inTime, some := s[1:], false, false
	for rest != "" {
		if rest[0] == 'T' {
			if rest = rest[1:]; rest == "" {
				return badFormat
			}
			inTime, some = true, false
			continue
		}
		n, fraction, tail, ok := isoNumber(rest)
		if !ok {
			return badFormat
		}
		if tail == "" || tail[0] == '-' || tail[0] == 'T' || tail[0] == ':' {
			if some {
				return badFormat
			}
			return b.isoAlternative(rest, inTime)
		}
		unit, ok := isoUnit(tail[0], inTime)
		if !ok {
			return badFormat
		}
		b.addField(unit, n, fraction)
		rest, some = tail[1:], true
	}
	return b.outcome()
}

func isoUnit(c byte, inTime bool) (intervalField, bool) {
	date := map[byte]intervalField{'Y': fieldYear, 'M': fieldMonth, 'W': fieldWeek, 'D': fieldDay}
	time := map[byte]intervalField{'H': fieldHour, 'M': fieldMinute, 'S': fieldSecond}
	if inTime {
		date = time
	}
	unit, ok := date[c]
	return unit, ok
}

// isoNumber reads [sign] digits [. digits].
func isoNumber(s string) (n int64, fraction float64, tail string, ok bool) {
	sign, rest := cutSign(s)
	digits, tail := countDigits(rest)
	n, err := strconv.ParseInt(string(sign)+"0"+rest[:digits], 10, 64)
	if err != nil {
		return 0, 0, s, false
	}
	if strings.HasPrefix(tail, ".") {
		places, _ := countDigits(tail[1:])
		if places > 0 {
			fraction, _ = strconv.ParseFloat(tail[:places+1], 64)
		}
		digits += places
		tail = tail[places+1:]
	}
	if sign == '-' {
		fraction = -fraction
	}
	return n, fraction, tail, digits > 0
}

// isoAlternative reads the form with fixed places: YYYY-MM-DD before the T, hh:mm:ss after it.
func (b *intervalBuilder) isoAlternative(s string, inTime bool) problem {
	date, clock, hasTime := s, "", false
	if !inTime {
		date, clock, hasTime = strings.Cut(s, "T")
		if bad := b.isoFields(date, "-", fieldYear, fieldMonth, fieldDay); bad != noProblem {
			return bad
		}
	} else {
		clock, hasTime = s, true
	}
	if hasTime {
		if bad := b.isoFields(clock, ":", fieldHour, fieldMinute, fieldSecond); bad != noProblem {
			return bad
		}
	}
	return b.outcome()
}

func (b *intervalBuilder) isoFields(s, separator string, units ...intervalField) problem {
	parts := strings.Split(s, separator)
	if len(parts) > len(units) {
		return badFormat
	}
	for i, p := range parts {
		n, fraction, tail, ok := isoNumber(p)
		if !ok || tail != "" {
			return badFormat
		}
		b.addField(units[i], n, fraction)
	}
	return noProblem
}

// roundInterval rounds an interval's seconds to the digits t keeps.
func roundInterval(v Value, t Type) (Value, error) {
	us, ok := roundMicroseconds(v.I, t.fraction())
	if !ok {
		return v, intervalOutOfRange()
	}
	v.I = us
	return v, nil
}

// roundMicroseconds rounds us to digits (0 to 6) digits of a second, half away from zero.
func roundMicroseconds(us int64, digits int) (int64, bool) {
	unit := pow10[6-digits]
	if unit == 1 {
		return us, true
	}
	half := unit / 2
	if us < 0 {
		half = -half
	}
	sum := us + half
	if (sum < us) != (half < 0) {
		return us, false
	}
	return sum / unit * unit, true
}
