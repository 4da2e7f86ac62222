package types

import "time"

// DateTrunc is date_trunc(): a timestamp, timestamptz or interval cut down to the named field. A timestamptz is cut as
// the local time it is in zone (nil means UTC).
func DateTrunc(field string, v Value, zone *time.Location) (Value, error) {
	if v.Kind == Interval {
		return truncInterval(field, v)
	}
	if !v.finite() {
		return v, nil
	}
	f, err := truncField(field, v.Kind)
	if err != nil {
		return Value{}, err
	}
	if v.Kind != Timestamptz {
		return checkedTimestamp(v.Kind, truncLocal(f, v.I))
	}
	// Fields below a day keep the offset they had, so that an hour which the clocks repeat stays in its place; days and
	// more begin at the local midnight, whatever its offset.
	offset := offsetAt(zone, v.I) * second
	local := truncLocal(f, v.I+offset)
	if f <= hourField {
		return checkedTimestamp(Timestamptz, local-offset)
	}
	return checkedTimestamp(Timestamptz, toUTC(local, zone))
}

// truncField returns a field that a time can be cut to. PostgreSQL knows the offset of a zone as a unit, but supports no such cut.
func truncField(name string, k Kind) (timeField, error) {
	f, err := parseTimeField(name, k)
	switch {
	case err != nil:
		return noField, err
	case f >= timezoneField:
		return noField, fieldNotSupported(name, k)
	case f >= epochField:
		return noField, fieldNotRecognized(name, k)
	}
	return f, nil
}

// truncLocal cuts a local time.
func truncLocal(f timeField, us int64) int64 {
	if unit := fieldLength(f); unit != 0 {
		return us - floorMod(us, unit)
	}
	days := floorDiv(us, day)
	if f == weekField {
		return (days - floorMod(days+3, 7)) * day // 1970-01-01 was a Thursday
	}
	year, month, _ := civilFromDays(days)
	switch f {
	case monthField:
	case quarterField:
		month -= (month - 1) % 3
	default:
		year, month = truncYear(f, year), 1
	}
	return daysFromCivil(year, month, 1) * day
}

// fieldLength returns the length of a field that always has the same, in microseconds, or 0.
func fieldLength(f timeField) int64 {
	switch f {
	case microsecondsField:
		return microsecond
	case millisecondsField:
		return millisecond
	case secondField:
		return second
	case minuteField:
		return minute
	case hourField:
		return hour
	case dayField:
		return day
	}
	return 0
}

// truncYear returns the first year of the decade, century or millennium of year. Centuries and millennia begin with the years
// that end in 1, and none contains both sides of the year 0 that the calendar lacks.
func truncYear(f timeField, year int64) int64 {
	switch f {
	case decadeField:
		return floorDiv(year, 10) * 10
	case centuryField:
		return floorDiv(year-1, 100)*100 + 1
	case millenniumField:
		return floorDiv(year-1, 1000)*1000 + 1
	}
	return year
}

func truncInterval(field string, v Value) (Value, error) {
	f, err := truncField(field, Interval)
	if err != nil {
		return Value{}, err
	}
	s := v.Span()
	if unit := fieldLength(f); unit != 0 && f != dayField {
		return NewInterval(s.Months, s.Days, v.I-v.I%unit), nil
	}
	months := int32(0)
	switch f {
	case dayField:
		return NewInterval(s.Months, s.Days, 0), nil
	case monthField:
		months = 1
	case quarterField:
		months = 3
	case yearField:
		months = 12
	case decadeField:
		months = 120
	case centuryField:
		months = 1200
	case millenniumField:
		months = 12000
	case weekField:
		e := fieldNotSupported(field, Interval)
		e.Detail = "Months usually have fractional weeks."
		return Value{}, e
	default:
		return Value{}, fieldNotSupported(field, Interval)
	}
	return NewInterval(s.Months-s.Months%months, 0, 0), nil
}

// DateBin is date_bin(): the start of the interval of length stride, counted from origin, that v lies in.
func DateBin(stride, v, origin Value) (Value, error) {
	if !v.finite() {
		return v, nil
	}
	if !origin.finite() {
		return Value{}, Errorf(CodeDatetimeOverflow, "origin out of range")
	}
	s := stride.Span()
	if s.Months != 0 {
		return Value{}, Errorf(CodeNotSupported, "timestamps cannot be binned into intervals containing months or years").
			WithHint("Use date_trunc, or say the stride in days.")
	}
	length, ok := mulInt64(int64(s.Days), day)
	if sum := length + stride.I; !ok || (sum < length) != (stride.I < 0) {
		return Value{}, intervalOutOfRange()
	}
	length += stride.I
	if length <= 0 {
		return Value{}, Errorf(CodeDatetimeOverflow, "stride must be greater than zero")
	}
	since := v.I - origin.I
	if (since > v.I) != (origin.I < 0) {
		return Value{}, intervalOutOfRange()
	}
	return checkedTimestamp(v.Kind, v.I-floorMod(since, length))
}

// Age is age(a, b): the years, months, days and time from b to a, as a calendar counts them. Timestamptz values are taken as
// the local times they are in zone (nil means UTC).
func Age(a, b Value, zone *time.Location) (Value, error) {
	if !a.finite() || !b.finite() {
		return Value{}, timestampOutOfRange()
	}
	negative := a.I < b.I
	x, y := brokenTime(a, zone), brokenTime(b, zone)
	late, early := x, y
	if negative {
		late, early = y, x
	}
	us := late.timeOfDay - early.timeOfDay
	days := late.day - early.day
	months := (late.year-early.year)*12 + late.month - early.month
	if us < 0 {
		us += day
		days--
	}
	for days < 0 {
		// The month that lends its days is that of the earlier moment.
		days += daysInMonth(early.year, early.month)
		months--
	}
	if negative {
		us, days, months = -us, -days, -months
	}
	return checkedInterval(months, days, us)
}

// calendarTime is a local time taken apart.
type calendarTime struct{ year, month, day, timeOfDay int64 }

func brokenTime(v Value, zone *time.Location) calendarTime {
	us := v.I
	if v.Kind == Timestamptz {
		us = toLocal(us, zone)
	}
	c := calendarTime{timeOfDay: floorMod(us, day)}
	c.year, c.month, c.day = civilFromDays(floorDiv(us, day))
	return c
}
