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
		problem = b.iso8601(s)
	}
	switch problem {
	case badFormat:
		return Value{}, Errorf(CodeDatetimeFormat, "invalid input syntax for type interval: \"%s\"", s)
	case badRange:
		return Value{}, Errorf(CodeIntervalOverflow, "interval field value out of range: \"%s\"", s)
	}
	v, err := checkedInterval(b.years*12+b.months, b.days, b.us)
	if err != nil {
		return v, err
	}
	return roundInterval(v, t)
}

// problem is what is wrong with the text of an interval.
type problem int

const (
	noProblem problem = iota
	badFormat
	badRange
)

// intervalBuilder adds up the parts of an interval.
type intervalBuilder struct {
	years, months, days, us int64
	overflowed              bool
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
	b.years = b.add(b.years, n, scale)
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
	b.years, b.months, b.days, b.us = -b.years, -b.months, -b.days, -b.us
}

// outcome turns a noted overflow into the problem it is.
func (b *intervalBuilder) outcome() problem {
	if b.overflowed || b.years != int64(int32(b.years)) || b.months != int64(int32(b.months)) || b.days != int64(int32(b.days)) {
		return badRange
	}
	return noProblem
}

// phrase reads PostgreSQL's own form from right to left, for a unit stands behind its number. A number without a unit
// is seconds at the end of the text, and days before a time of day or before hours.
func (b *intervalBuilder) phrase(s string) problem {
	tokens, ok := dateTokens(s)
	if !ok {
		return badFormat
	}
	var seen intervalField
	unit := fieldSecond // of the number to the left
	ago := false
	for i := len(tokens) - 1; i >= 0; i-- {
		t := tokens[i]
		if t.kind == tokenWord || t.kind == tokenSpecial {
			ago = ago || t.text == "ago"
			if unit, ok = intervalUnits[t.text]; !ok && t.text != "ago" {
				return badFormat
			}
			continue
		}
		var fields intervalField
		var bad problem
		if strings.Contains(t.text, ":") {
			fields, bad = fieldTime, b.clock(t.text)
			unit = fieldDay
		} else {
			fields, bad = b.number(t.text, unit)
			if unit == fieldHour {
				unit = fieldDay
			}
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

// number adds "12", "-1.5" or SQL's years-months "1-2", and returns the fields it set.
func (b *intervalBuilder) number(s string, unit intervalField) (intervalField, problem) {
	sign, rest := cutSign(s)
	digits, tail := countDigits(rest)
	n, err := strconv.ParseInt(string(sign)+"0"+rest[:digits], 10, 64)
	if err != nil {
		return 0, badRange
	}
	if strings.HasPrefix(tail, "-") {
		return fieldMonth, b.yearsMonths(n, tail[1:], sign)
	}
	fraction := 0.0
	if tail != "" {
		if fraction, err = parseFractionPart(tail); err != nil {
			return 0, badFormat
		}
	}
	if unit == 0 {
		return 0, badFormat // "ago" was taken for a unit
	}
	if sign == '-' {
		fraction = -fraction
	}
	b.addField(unit, n, fraction)
	if unit == fieldSecond && fraction != 0 {
		return fieldAllSeconds, noProblem
	}
	return unit, noProblem
}

func (b *intervalBuilder) yearsMonths(years int64, s string, sign byte) problem {
	digits, tail := countDigits(s)
	if digits == 0 || tail != "" {
		return badFormat
	}
	months, err := strconv.ParseInt(s, 10, 32)
	if err != nil || months >= 12 {
		return badRange
	}
	if sign == '-' {
		months = -months
	}
	// PostgreSQL makes months of both, in 32 bits.
	total := b.add(months, years, 12)
	if total != int64(int32(total)) {
		return badRange
	}
	b.months = b.add(b.months, total, 1)
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
		if p == "" && i > 0 {
			continue // "12:" is 12:00, and "12::5" is 12:00:05
		}
		if p == "" || !allDigits(p) {
			return 0, badFormat
		}
		v, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return 0, badRange
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
		return 0, badRange
	}
	hours, ok := mulInt64(n[0], hour)
	us += n[1]*minute + n[2]*second
	if !ok || hours+us < hours {
		return 0, badRange
	}
	return hours + us, noProblem
}

// iso8601 reads P1Y2M3DT4H5M6.7S, with signs and fractions at any part, and the forms with fixed places:
// P0001-02-03T04:05:06 and P00010203T040506.
func (b *intervalBuilder) iso8601(s string) problem {
	if len(s) < 2 || s[0] != 'P' {
		return badFormat
	}
	date, clock, hasTime := strings.Cut(s[1:], "T")
	if bad := b.isoPart(date, isoDateUnits, "-", 8); bad != noProblem {
		return bad
	}
	if hasTime {
		if bad := b.isoPart(clock, isoTimeUnits, ":", 6); bad != noProblem {
			return bad
		}
	}
	return b.outcome()
}

// isoDateUnits and isoTimeUnits are the designators on either side of the T; places are the fields of the forms without designators.
var (
	isoDateUnits = isoUnits{
		designators: map[byte]intervalField{'Y': fieldYear, 'M': fieldMonth, 'W': fieldWeek, 'D': fieldDay},
		places:      [3]intervalField{fieldYear, fieldMonth, fieldDay},
	}
	isoTimeUnits = isoUnits{
		designators: map[byte]intervalField{'H': fieldHour, 'M': fieldMinute, 'S': fieldSecond},
		places:      [3]intervalField{fieldHour, fieldMinute, fieldSecond},
	}
)

type isoUnits struct {
	designators map[byte]intervalField
	places      [3]intervalField
}

// isoPart reads what stands on one side of the T. width is the number of digits of the form without separators.
func (b *intervalBuilder) isoPart(s string, units isoUnits, separator string, width int) problem {
	for rest := s; rest != ""; {
		n, fraction, tail, bad := isoNumber(rest)
		if bad != noProblem {
			return bad
		}
		if tail == "" || tail[:1] == separator {
			if rest != s {
				return badFormat
			}
			return b.isoPlaces(s, units, separator, width)
		}
		unit, ok := units.designators[tail[0]]
		if !ok {
			return badFormat
		}
		b.addField(unit, n, fraction)
		rest = tail[1:]
	}
	return noProblem
}

// isoPlaces reads fields that are told by their places.
func (b *intervalBuilder) isoPlaces(s string, units isoUnits, separator string, width int) problem {
	if digits, tail := countDigits(strings.TrimPrefix(s, "-")); digits == width && !strings.HasPrefix(tail, separator) {
		n, fraction, _, bad := isoNumber(s)
		b.addField(units.places[0], n/10000, 0)
		b.addField(units.places[1], n/100%100, 0)
		b.addField(units.places[2], n%100, fraction)
		return bad
	}
	for i, unit := range units.places {
		n, fraction, tail, bad := isoNumber(s)
		if bad != noProblem {
			return bad
		}
		b.addField(unit, n, fraction)
		if tail == "" {
			return noProblem
		}
		if tail[:1] != separator || i == len(units.places)-1 {
			return badFormat
		}
		s = tail[1:]
	}
	return noProblem
}

// isoNumber reads [sign] digits [. digits].
func isoNumber(s string) (n int64, fraction float64, tail string, bad problem) {
	sign, rest := cutSign(s)
	digits, tail := countDigits(rest)
	n, err := strconv.ParseInt(string(sign)+"0"+rest[:digits], 10, 64)
	if err != nil {
		return 0, 0, s, badRange
	}
	if strings.HasPrefix(tail, ".") {
		places, _ := countDigits(tail[1:])
		if places > 0 {
			fraction, _ = strconv.ParseFloat(tail[:places+1], 64)
		}
		digits += places
		tail = tail[places+1:]
	}
	if digits == 0 {
		return 0, 0, s, badFormat
	}
	if sign == '-' {
		fraction = -fraction
	}
	return n, fraction, tail, noProblem
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
