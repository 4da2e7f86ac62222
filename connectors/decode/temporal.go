package decode

import (
	"math"
	"strconv"

	"github.com/asofdb/asof/sql/types"
)

// timeMode is the option time_precision: the connector's time.precision.mode, which says what unit an integer is
// in where no schema does.
type timeMode uint8

const (
	// unstatedTime is adaptive as far as the integer's size bears it out: a timestamp that could as well be in another unit is refused.
	unstatedTime timeMode = iota
	// adaptive follows the declared type: milliseconds where it keeps at most three digits of a second, microseconds else.
	adaptive
	adaptiveTimeMicroseconds // adaptive, but times of day always in microseconds
	milliseconds
	microseconds
	nanoseconds
	isoString
)

const timeHint = "add time_precision = '…' to the source's options, with the connector's time.precision.mode ('adaptive' is its default), and declare a column of at " +
	"most three digits of a second with them, as TIMESTAMP(0) or TIME(3); or let the connector send schemas"

// What types hold: PostgreSQL's ranges, and for timestamps what int64 microseconds since 1970 leave of them.
const (
	minDays      = -2440588
	maxDays      = 2145042905
	minTimestamp = minDays * 86400 * int64(1e6)
	maxTimestamp = types.Infinity - 1
)

// The numbers by which the PostgreSQL driver stands for infinity in seconds since 1970. Their dates depend on the
// connector's time zone and, in snapshots, have lost their era; all of them lie outside what PostgreSQL can store.
const (
	driverInfinity    = 9223372036825200
	driverNegInfinity = -9223372036832400
)

// infiniteDays are the dates that stand for an infinity, each ± 1 for the time zone: as an integer of a streamed row and of a
// snapshot row, which wraps around 32 bits, then the same two as text.
var infiniteDays = []struct{ days, value int64 }{
	{2146033979, types.InfinityDays},
	{-622191234, types.InfinityDays},
	{106751991167, types.InfinityDays},
	{-2147472691, types.NegInfinityDays},
	{-625821272, types.NegInfinityDays},
	{106748361129, types.NegInfinityDays},
	{-106751991168, types.NegInfinityDays},
}

// infinity reads the words for the infinities.
func infinity(s string) (sign int, ok bool) {
	switch s {
	case "infinity":
		return 1, true
	case "-infinity":
		return -1, true
	}
	return 0, false
}

func (d *values) timestamp(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch t.kind {
	case numberToken:
		return d.timestampNumber(c, typ, e, t)
	case stringToken:
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	if sign, ok := infinity(s); ok {
		return infiniteTimestamp(typ, sign), nil
	}
	m, ok := parseMoment(bytesOf(s))
	switch {
	case !ok || !m.hasDate || !m.hasTime:
		return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
	case typ.Kind == types.Timestamp && m.offset != 0:
		return types.Value{}, c.reject(types.CodeDatetimeFormat, typ, t, "has a time zone").WithHint("declare the column as TIMESTAMPTZ")
	case m.tooFine:
		return types.Value{}, c.tooFine(types.CodeDatetimeOverflow, typ, t)
	}
	// The date alone decides the range but for the two days at its ends, so that nothing overflows.
	if m.days < minDays-1 || m.days > maxTimestamp/day+1 {
		switch m.days*86400 + m.timeOfDay/second {
		case driverInfinity:
			return infiniteTimestamp(typ, 1), nil
		case driverNegInfinity:
			return infiniteTimestamp(typ, -1), nil
		}
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	}
	return c.instant(typ, t, m.days, m.timeOfDay-m.offset*second)
}

func infiniteTimestamp(typ types.Type, sign int) types.Value {
	if sign > 0 {
		return types.Value{Kind: typ.Kind, I: types.Infinity}
	}
	return types.Value{Kind: typ.Kind, I: types.NegInfinity}
}

// instant returns the timestamp of us microseconds after the beginning of a day.
func (c *column) instant(typ types.Type, t token, days, us int64) (types.Value, error) {
	n := days * day // wraps where it is out of range, and then the sum has the wrong sign or is far off
	sum := n + us
	if n/day != days || us >= 0 && sum < n || us < 0 && sum > n || sum < minTimestamp || sum > maxTimestamp {
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	}
	if sum%fractionUnit(typ) != 0 {
		return types.Value{}, c.tooFine(types.CodeDatetimeOverflow, typ, t)
	}
	return types.Value{Kind: typ.Kind, I: sum}, nil
}

// fraction returns how many digits of a second typ keeps, and whether it says so.
func fraction(typ types.Type) (digits int, declared bool) {
	if typ.Precision == 0 {
		return 6, false
	}
	return int(typ.Precision) - 1, true
}

// fractionUnit returns the microseconds of which every value of typ is a multiple.
func fractionUnit(typ types.Type) int64 {
	digits, _ := fraction(typ)
	return smallPow10[max(0, 6-digits)]
}

// unit is the length of what an integer counts, in nanoseconds.
type unit int64

const (
	milli unit = 1e6
	micro unit = 1e3
	nano  unit = 1
)

// micros converts n to microseconds; exact is false where that would drop digits, fits where it overflows.
func (u unit) micros(n int64) (us int64, exact, fits bool) {
	switch u {
	case milli:
		if n < math.MinInt64/1000 || n > math.MaxInt64/1000 {
			return 0, true, false
		}
		return n * 1000, true, true
	case nano:
		return n / 1000, n%1000 == 0, true
	}
	return n, true, true
}

func (d *values) timestampNumber(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	n, ok := parseInt(t.raw)
	if !ok {
		return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
	}
	switch n {
	case math.MaxInt64:
		return infiniteTimestamp(typ, 1), nil
	case math.MinInt64:
		return infiniteTimestamp(typ, -1), nil
	case driverInfinity * 1000:
		return infiniteTimestamp(typ, 1), nil
	case driverNegInfinity * 1000:
		return infiniteTimestamp(typ, -1), nil
	}
	u, err := d.timestampUnit(c, typ, e, t, n)
	if err != nil {
		return types.Value{}, err
	}
	us, exact, fits := u.micros(n)
	switch {
	case !fits:
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	case !exact:
		return types.Value{}, c.tooFine(types.CodeDatetimeOverflow, typ, t)
	}
	return c.instant(typ, t, 0, us)
}

// The sizes of integers between which a timestamp can only be in microseconds: below the first, 1973 in microseconds is 5138
// in milliseconds, and from the second, the year 10000 in microseconds, 1978 in nanoseconds.
const (
	surelyMicros   = int64(1e14)
	surelyNoMicros = int64(253402300800 * 1e6)
)

func (d *values) timestampUnit(c *column, typ types.Type, e *encoding, t token, n int64) (unit, error) {
	switch e.form {
	case milliTimestampForm:
		return milli, nil
	case microTimestampForm:
		return micro, nil
	case nanoTimestampForm:
		return nano, nil
	case anyForm, plainForm:
	default:
		return 0, c.wrongType(typ, e, t)
	}
	fine := micro
	digits, declared := fraction(typ)
	if digits <= 3 {
		fine = milli
	}
	if d.times != unstatedTime {
		return d.statedUnit(c, typ, e, t, fine)
	}
	switch size := absolute(n); {
	case n == 0:
		return fine, nil
	case size >= uint64(surelyNoMicros):
		return 0, c.doubt(typ, t, n, micro, nano)
	case fine == milli && size >= uint64(surelyMicros), !declared && size < uint64(surelyMicros):
		return 0, c.doubt(typ, t, n, milli, micro)
	}
	return fine, nil
}

// statedUnit returns the unit that the option says; fine is the one that the declared type asks for.
func (d *values) statedUnit(c *column, typ types.Type, e *encoding, t token, fine unit) (unit, error) {
	switch d.times {
	case milliseconds:
		return milli, nil
	case microseconds:
		return micro, nil
	case nanoseconds:
		return nano, nil
	case adaptiveTimeMicroseconds:
		if typ.Kind == types.Time {
			return micro, nil
		}
		return fine, nil
	case adaptive:
		return fine, nil
	}
	return 0, c.wrongType(typ, e, t) // in isostring mode no time is a number
}

// doubt is the reject of an integer that is a moment in either of two units (invariant 3).
func (c *column) doubt(typ types.Type, t token, n int64, a, b unit) error {
	return c.reject(types.CodeDatetimeFormat, typ, t, "can be %s or %s", a.reading(typ, n), b.reading(typ, n)).WithHint(timeHint)
}

// reading says what n is in the unit u.
func (u unit) reading(typ types.Type, n int64) string {
	name := map[unit]string{milli: "milliseconds", micro: "microseconds", nano: "nanoseconds"}[u]
	us, _, fits := u.micros(n)
	if !fits || us < minTimestamp || us > maxTimestamp {
		return name
	}
	return name + " (" + types.Value{Kind: typ.Kind, I: us}.String() + ")"
}

func (d *values) timeOfDay(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch t.kind {
	case numberToken:
		return d.timeNumber(c, typ, e, t)
	case stringToken:
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	m, ok := parseMoment(bytesOf(s))
	if !ok || m.hasDate {
		return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
	}
	us := m.timeOfDay
	if m.offset != 0 {
		us = ((us-m.offset*second)%day + day) % day
	}
	return c.timeValue(typ, t, us, !m.tooFine)
}

func (c *column) timeValue(typ types.Type, t token, us int64, exact bool) (types.Value, error) {
	switch {
	case us < 0 || us > day:
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	case !exact || us%fractionUnit(typ) != 0:
		return types.Value{}, c.tooFine(types.CodeDatetimeOverflow, typ, t)
	}
	return types.Value{Kind: types.Time, I: us}, nil
}

func (d *values) timeNumber(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	n, ok := parseInt(t.raw)
	if !ok {
		return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
	}
	u, err := d.timeUnit(c, typ, e, t, n)
	if err != nil {
		return types.Value{}, err
	}
	us, exact, fits := u.micros(n)
	if !fits {
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	}
	return c.timeValue(typ, t, us, exact)
}

func (d *values) timeUnit(c *column, typ types.Type, e *encoding, t token, n int64) (unit, error) {
	switch e.form {
	case milliTimeForm:
		return milli, nil
	case microTimeForm:
		return micro, nil
	case nanoTimeForm:
		return nano, nil
	case anyForm, plainForm:
	default:
		return 0, c.wrongType(typ, e, t)
	}
	fine := micro
	digits, declared := fraction(typ)
	if digits <= 3 {
		fine = milli
	}
	if d.times != unstatedTime {
		return d.statedUnit(c, typ, e, t, fine)
	}
	// A day has 86,400,000 ms: more than that can only be microseconds, fewer can be either.
	const dayInMillis = day / 1000
	switch {
	case n == 0:
	case fine == milli && n > dayInMillis, !declared && n > 0 && n <= dayInMillis:
		return 0, c.reject(types.CodeDatetimeFormat, typ, t, "can be milliseconds or microseconds since midnight").WithHint(timeHint)
	}
	return fine, nil
}

func (d *values) date(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch {
	case t.kind == numberToken && (e.form == dateForm || e.form == anyForm || e.form == plainForm):
		n, ok := parseInt(t.raw)
		if !ok {
			return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
		}
		return c.dateValue(typ, t, n)
	case t.kind != stringToken:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	switch sign, _ := infinity(s); sign {
	case 1:
		return types.Value{Kind: types.Date, I: types.InfinityDays}, nil
	case -1:
		return types.Value{Kind: types.Date, I: types.NegInfinityDays}, nil
	}
	m, ok := parseMoment(bytesOf(s))
	if !ok || !m.hasDate || m.timeOfDay != 0 || m.offset != 0 {
		return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
	}
	return c.dateValue(typ, t, m.days)
}

func (c *column) dateValue(typ types.Type, t token, days int64) (types.Value, error) {
	if days < minDays || days > maxDays {
		for _, inf := range infiniteDays {
			if days >= inf.days-1 && days <= inf.days+1 {
				return types.Value{Kind: types.Date, I: inf.value}, nil
			}
		}
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	}
	return types.Value{Kind: types.Date, I: days}, nil
}

func (d *values) interval(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch t.kind {
	case numberToken:
		return c.duration(typ, e, t)
	case stringToken:
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	v, ok := parsePeriod(s)
	if !ok {
		return types.Value{}, c.misspelled(types.CodeDatetimeFormat, typ, t)
	}
	return v, nil
}

// duration reads an interval that the connector has made a number of microseconds, its months being lost already; or MySQL's
// TIME, which is a duration too and may be longer than a day.
func (c *column) duration(typ types.Type, e *encoding, t token) (types.Value, error) {
	u := micro
	switch e.form {
	case milliTimeForm:
		u = milli
	case nanoDurationForm, nanoTimeForm:
		u = nano
	case microDurationForm, microTimeForm, anyForm, plainForm:
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	n, ok := parseInt(t.raw)
	if !ok {
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	}
	us, exact, fits := u.micros(n)
	switch {
	case !fits:
		return types.Value{}, c.outOfRange(types.CodeDatetimeOverflow, typ, t)
	case !exact:
		return types.Value{}, c.tooFine(types.CodeDatetimeOverflow, typ, t)
	}
	return types.Value{Kind: types.Interval, I: us}, nil
}

// parsePeriod reads an ISO 8601 duration with a sign of its own for every part: P1Y2M3DT4H5M-6.789S.
func parsePeriod(s string) (types.Value, bool) {
	if len(s) < 3 || s[0] != 'P' {
		return types.Value{}, false
	}
	var months, days, us int64
	ok, inTime := true, false
	for s = s[1:]; s != "" && ok; {
		if s[0] == 'T' && !inTime && len(s) > 1 {
			inTime, s = true, s[1:]
			continue
		}
		end := 0
		for end < len(s) && s[end] <= '9' {
			end++
		}
		if end == len(s) {
			return types.Value{}, false
		}
		part, designator := s[:end], s[end]
		s = s[end+1:]
		switch {
		case inTime && designator == 'H':
			ok = addParts(&us, part, hour)
		case inTime && designator == 'M':
			ok = addParts(&us, part, minute)
		case inTime && designator == 'S':
			ok = addSeconds(&us, part)
		case !inTime && designator == 'Y':
			ok = addParts(&months, part, 12)
		case !inTime && designator == 'M':
			ok = addParts(&months, part, 1)
		case !inTime && designator == 'W':
			ok = addParts(&days, part, 7)
		case !inTime && designator == 'D':
			ok = addParts(&days, part, 1)
		default:
			ok = false
		}
	}
	if !ok || months != int64(int32(months)) || days != int64(int32(days)) {
		return types.Value{}, false
	}
	v := types.Value{Kind: types.Interval, I: us}
	if months != 0 || days != 0 {
		v.X = types.Span{Months: int32(months), Days: int32(days)}
	}
	return v, true
}

// addParts adds a whole number of units to sum, unless that overflows.
func addParts(sum *int64, part string, each int64) bool {
	n, err := strconv.ParseInt(part, 10, 64)
	if err != nil || n > math.MaxInt64/each || n < math.MinInt64/each {
		return false
	}
	total := *sum + n*each
	if n >= 0 && total < *sum || n < 0 && total > *sum {
		return false
	}
	*sum = total
	return true
}

// addSeconds adds seconds with up to six digits behind the point to sum, unless that overflows.
func addSeconds(sum *int64, part string) bool {
	v, ok := smallDecimal(bytesOf(part))
	if !ok || v.Scale > 6 {
		return false
	}
	each := smallPow10[6-v.Scale]
	return addParts(sum, strconv.FormatInt(v.I, 10), each)
}
