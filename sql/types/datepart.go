package types

import (
	"math"
	"math/big"
	"time"
)

// Extract is EXTRACT(field FROM v): a numeric with PostgreSQL's scale, or NULL for a field that an infinite moment does not
// have. A timestamptz is looked at as the local time it is in zone (nil means UTC).
func Extract(field string, v Value, zone *time.Location) (Value, error) {
	f, err := parseTimeField(field, v.Kind)
	if err != nil {
		return Value{}, err
	}
	switch v.Kind {
	case Interval:
		return extractInterval(field, f, v)
	case Time:
		return extractTime(field, f, v.I)
	}
	if !v.finite() {
		return extractInfinite(field, f, v)
	}
	if v.Kind == Date {
		return extractDate(field, f, v.I)
	}
	return extractTimestamp(field, f, v, zone)
}

// DatePart is date_part(): Extract as DOUBLE PRECISION. A date is taken as its midnight.
func DatePart(field string, v Value, zone *time.Location) (Value, error) {
	if v.Kind == Date {
		ts, err := toTimestamp(v, Timestamp, nil)
		if err != nil {
			return Value{}, err
		}
		v = ts
	}
	n, err := Extract(field, v, zone)
	if err != nil || n.IsNull() {
		return n, err
	}
	switch n.Scale {
	case ScaleInf:
		return NewFloat8(math.Inf(1)), nil
	case ScaleNegInf:
		return NewFloat8(math.Inf(-1)), nil
	}
	f, err := parseTimeField(field, v.Kind)
	if err != nil {
		return Value{}, err
	}
	if x, ok := floatField(f, v, zone); ok {
		return NewFloat8(x), nil
	}
	return NewFloat8(nearestFloat(n)), nil
}

// floatField computes the fields with a fraction in the order in which PostgreSQL adds their parts, which decides the last bit.
// The conversions to float64 keep a compiler from fusing a product and a sum.
func floatField(f timeField, v Value, zone *time.Location) (float64, bool) {
	us := v.I
	if v.Kind == Timestamptz && f != epochField {
		us = toLocal(us, zone)
	}
	rest := us % minute
	if v.Kind != Interval {
		rest = floorMod(us, minute)
	}
	switch {
	case f == millisecondsField:
		return float64(float64(rest/second)*1000) + float64(rest%second)/1000, true
	case f == secondField:
		return float64(rest/second) + float64(rest%second)/1e6, true
	case f == julianField:
		timeOfDay := floorMod(us, day)
		seconds := float64(timeOfDay/second) + float64(timeOfDay%second)/1e6
		return float64(floorDiv(us, day)-minDays) + seconds/86400, true
	case f == epochField && v.Kind != Interval:
		return float64(us) / 1e6, true
	case f == epochField:
		s := v.Span()
		sum := float64(us) / 1e6
		sum += float64(365.25 * 86400 * float64(s.Months/12))
		sum += float64(30 * 86400 * float64(s.Months%12))
		return sum + float64(86400*float64(s.Days)), true
	}
	return 0, false
}

func extractTimestamp(name string, f timeField, v Value, zone *time.Location) (Value, error) {
	us, offset := v.I, int64(0)
	if v.Kind == Timestamptz {
		offset = offsetAt(zone, us)
		us += offset * second
	}
	switch f {
	case epochField:
		return NewNumeric(v.I, 6), nil
	case timezoneField, timezoneHourField, timezoneMinuteField:
		if v.Kind != Timestamptz {
			return Value{}, fieldNotSupported(name, v.Kind)
		}
		return extractOffset(f, offset), nil
	case julianField:
		return julianNumeric(floorDiv(us, day)-minDays, floorMod(us, day))
	}
	if n, ok := timeOfDayField(f, floorMod(us, day)); ok {
		return n, nil
	}
	if n, ok := calendarField(f, floorDiv(us, day)); ok {
		return IntNumeric(n), nil
	}
	return Value{}, fieldNotSupported(name, v.Kind)
}

func extractOffset(f timeField, offset int64) Value {
	switch f {
	case timezoneHourField:
		return IntNumeric(offset / 3600)
	case timezoneMinuteField:
		return IntNumeric(offset / 60 % 60)
	}
	return IntNumeric(offset)
}

// julianNumeric returns a Julian day with its fraction.
func julianNumeric(days, timeOfDay int64) (Value, error) {
	fraction, err := DivNumeric(IntNumeric(timeOfDay), IntNumeric(day))
	if err != nil {
		return Value{}, err
	}
	return AddNumeric(IntNumeric(days), fraction)
}

// timeOfDayField returns a field of a time of day, also of one longer than a day or negative.
func timeOfDayField(f timeField, us int64) (Value, bool) {
	switch f {
	case microsecondsField:
		return IntNumeric(us % minute), true
	case millisecondsField:
		return NewNumeric(us%minute, 3), true
	case secondField:
		return NewNumeric(us%minute, 6), true
	case minuteField:
		return IntNumeric(us % hour / minute), true
	case hourField:
		return IntNumeric(us / hour), true
	}
	return Value{}, false
}

// calendarField returns a field of a date.
func calendarField(f timeField, days int64) (int64, bool) {
	year, month, dayOfMonth := civilFromDays(days)
	switch f {
	case dayField:
		return dayOfMonth, true
	case monthField:
		return month, true
	case quarterField:
		return (month-1)/3 + 1, true
	case weekField:
		_, week := isoWeek(days)
		return week, true
	case isoYearField:
		isoYear, _ := isoWeek(days)
		return withoutYearZero(isoYear), true
	case yearField:
		return withoutYearZero(year), true
	case decadeField:
		return floorDiv(year, 10), true
	case centuryField:
		return countedFromOne(year, 100), true
	case millenniumField:
		return countedFromOne(year, 1000), true
	case dowField:
		return floorMod(days+4, 7), true
	case isoDowField:
		return floorMod(days+3, 7) + 1, true
	case doyField:
		return days - daysFromCivil(year, 1, 1) + 1, true
	}
	return 0, false
}

// withoutYearZero turns an astronomical year into one where 1 BC is -1.
func withoutYearZero(year int64) int64 {
	if year <= 0 {
		return year - 1
	}
	return year
}

// countedFromOne numbers centuries and millennia: the first AD is 1, the last BC is -1.
func countedFromOne(year, length int64) int64 {
	return withoutYearZero(floorDiv(year-1, length) + 1)
}

// isoWeek returns the ISO 8601 week-numbering year and week: week 1 has the year's first Thursday.
func isoWeek(days int64) (year, week int64) {
	thursday := days - floorMod(days+3, 7) + 3
	year, _, _ = civilFromDays(thursday)
	return year, (thursday-daysFromCivil(year, 1, 1))/7 + 1
}

func extractDate(name string, f timeField, days int64) (Value, error) {
	switch f {
	case epochField:
		return IntNumeric(days * 86400), nil
	case julianField:
		return IntNumeric(days - minDays), nil
	}
	if n, ok := calendarField(f, days); ok {
		return IntNumeric(n), nil
	}
	return Value{}, fieldNotSupported(name, Date)
}

// extractInfinite returns an infinity for fields that grow without bound, and NULL for those that come round again.
func extractInfinite(name string, f timeField, v Value) (Value, error) {
	switch f {
	case yearField, decadeField, centuryField, millenniumField, julianField, isoYearField, epochField:
		return infNumeric(v.I < 0), nil
	case timezoneField, timezoneHourField, timezoneMinuteField,
		microsecondsField, millisecondsField, secondField, minuteField, hourField:
		if v.Kind == Date {
			return Value{}, fieldNotSupported(name, v.Kind)
		}
	}
	return Value{}, nil
}

func extractTime(name string, f timeField, us int64) (Value, error) {
	if f == epochField {
		return NewNumeric(us, 6), nil
	}
	if n, ok := timeOfDayField(f, us); ok {
		return n, nil
	}
	return Value{}, fieldNotSupported(name, Time)
}

func extractInterval(name string, f timeField, v Value) (Value, error) {
	if n, ok := timeOfDayField(f, v.I); ok {
		return n, nil
	}
	s := v.Span()
	year, month := int64(s.Months/12), int64(s.Months%12)
	switch f {
	case dayField:
		return IntNumeric(int64(s.Days)), nil
	case monthField:
		return IntNumeric(month), nil
	case quarterField:
		return IntNumeric(month/3 + 1), nil
	case yearField:
		return IntNumeric(year), nil
	case decadeField:
		return IntNumeric(year / 10), nil
	case centuryField:
		return IntNumeric(year / 100), nil
	case millenniumField:
		return IntNumeric(year / 1000), nil
	case epochField:
		return intervalEpoch(year, month, int64(s.Days), v.I)
	}
	return Value{}, fieldNotSupported(name, Interval)
}

// intervalEpoch returns an interval's seconds, a year having 365.25 days and a month 30.
func intervalEpoch(year, month, days, us int64) (Value, error) {
	quarterDays := year*(365*4+1) + month*30*4 + days*4
	total := new(big.Int).Mul(big.NewInt(quarterDays), big.NewInt(day/4))
	return checkedNumeric(total.Add(total, big.NewInt(us)), 6)
}
