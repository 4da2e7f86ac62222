package types

import (
	"math"
	"time"
)

// AddInterval returns v + span. A date becomes a timestamp; months clip to the end of the month they reach; months and days
// of a timestamptz move the local time in zone (nil means UTC), the rest moves the instant; a time of day wraps at midnight.
func AddInterval(v, span Value, zone *time.Location) (Value, error) {
	switch v.Kind {
	case Interval:
		return addIntervals(v, span)
	case Time:
		return Value{Kind: Time, I: floorMod(v.I+span.I%day, day)}, nil
	case Date:
		ts, err := toTimestamp(v, Timestamp, nil)
		if err != nil {
			return Value{}, err
		}
		v = ts
	}
	if !v.finite() {
		return v, nil
	}
	us := v.I
	if s := span.Span(); s != (Span{}) {
		local := us
		if v.Kind == Timestamptz {
			local = toLocal(us, zone)
		}
		var ok bool
		if local, ok = addCalendar(local, s); !ok {
			return Value{}, timestampOutOfRange()
		}
		us = local
		if v.Kind == Timestamptz {
			us = toUTC(local, zone)
		}
	}
	sum := us + span.I
	if (sum < us) != (span.I < 0) {
		return Value{}, timestampOutOfRange()
	}
	return checkedTimestamp(v.Kind, sum)
}

// SubInterval returns v - span.
func SubInterval(v, span Value, zone *time.Location) (Value, error) {
	if v.Kind == Interval {
		return subIntervals(v, span)
	}
	if v.Kind == Time {
		span.I %= day // so that the negation cannot overflow
	}
	negative, err := NegInterval(span)
	if err != nil {
		return Value{}, err
	}
	return AddInterval(v, negative, zone)
}

// addCalendar adds months, clipped to the length of the month reached, then days.
func addCalendar(us int64, s Span) (int64, bool) {
	days, timeOfDay := floorDiv(us, day), floorMod(us, day)
	if s.Months != 0 {
		year, month, dayOfMonth := civilFromDays(days)
		month += int64(s.Months) - 1
		year, month = year+floorDiv(month, 12), floorMod(month, 12)+1
		days = daysFromCivil(year, month, min(dayOfMonth, daysInMonth(year, month)))
		if _, ok := timestampOf(days, timeOfDay); !ok {
			return 0, false
		}
	}
	return timestampOf(days+int64(s.Days), timeOfDay)
}

func addIntervals(a, b Value) (Value, error) {
	x, y := a.Span(), b.Span()
	us := a.I + b.I
	if (us < a.I) != (b.I < 0) {
		return Value{}, intervalOutOfRange()
	}
	return checkedInterval(int64(x.Months)+int64(y.Months), int64(x.Days)+int64(y.Days), us)
}

func subIntervals(a, b Value) (Value, error) {
	x, y := a.Span(), b.Span()
	us := a.I - b.I
	if (us > a.I) != (b.I < 0) {
		return Value{}, intervalOutOfRange()
	}
	return checkedInterval(int64(x.Months)-int64(y.Months), int64(x.Days)-int64(y.Days), us)
}

// NegInterval returns -v.
func NegInterval(v Value) (Value, error) {
	return subIntervals(NewInterval(0, 0, 0), v)
}

// SubTimes returns a - b of two values of one kind: days between dates as an integer, an interval of days and time between
// timestamps, and an interval of time between times of day.
func SubTimes(a, b Value) (Value, error) {
	switch a.Kind {
	case Time:
		return NewInterval(0, 0, a.I-b.I), nil
	case Date:
		if !a.finite() || !b.finite() {
			return Value{}, Errorf(CodeDatetimeOverflow, "cannot subtract infinite dates")
		}
		return CheckedInt(Int4, a.I-b.I)
	}
	if !a.finite() || !b.finite() {
		return Value{}, Errorf(CodeDatetimeOverflow, "cannot subtract infinite timestamps")
	}
	us := a.I - b.I
	if (us > a.I) != (b.I < 0) {
		return Value{}, intervalOutOfRange()
	}
	return checkedInterval(0, us/day, us%day)
}

// AddDays returns a date moved by n days.
func AddDays(v Value, n int64) (Value, error) {
	if !v.finite() {
		return v, nil
	}
	if n > maxDays-minDays || n < minDays-maxDays {
		return Value{}, dateOutOfRange()
	}
	return checkedDate(v.I + n)
}

// AddTimeOfDay returns the timestamp of a time of day on a date.
func AddTimeOfDay(date, timeOfDay Value) (Value, error) {
	ts, err := toTimestamp(date, Timestamp, nil)
	if err != nil || !ts.finite() {
		return ts, err
	}
	us, ok := timestampOf(date.I, timeOfDay.I)
	if !ok {
		return Value{}, timestampOutOfRange()
	}
	return NewTimestamp(us), nil
}

// MulInterval returns v * f; fractions of months become days, and fractions of days time.
func MulInterval(v Value, f float64) (Value, error) {
	s := v.Span()
	return scaleInterval(float64(s.Months)*f, float64(s.Days)*f, float64(v.I)*f)
}

// DivInterval returns v / f.
func DivInterval(v Value, f float64) (Value, error) {
	if f == 0 {
		return Value{}, errDivisionByZero()
	}
	s := v.Span()
	return scaleInterval(float64(s.Months)/f, float64(s.Days)/f, float64(v.I)/f)
}

// scaleInterval makes an interval of fractional parts. The order of the roundings is PostgreSQL's, and so are its results. The
// conversions to float64 keep a compiler from fusing a product and a sum, which would round once less.
func scaleInterval(months, days, us float64) (Value, error) {
	wholeMonths, okM := wholeInt32(months)
	wholeDays, okD := wholeInt32(days)
	if !okM || !okD {
		return Value{}, intervalOutOfRange()
	}
	restDays := roundToMicro((months - wholeMonths) * 30)
	restSeconds := roundToMicro(float64(days-wholeDays+restDays-math.Trunc(restDays)) * 86400)
	if math.Abs(restSeconds) >= 86400 {
		wholeDays += math.Trunc(restSeconds / 86400)
		restSeconds -= float64(math.Trunc(restSeconds/86400) * 86400)
	}
	wholeDays += math.Trunc(restDays)
	us = math.RoundToEven(us + float64(restSeconds*1e6))
	if !(us >= math.MinInt64 && us < math.MaxInt64) {
		return Value{}, intervalOutOfRange()
	}
	return checkedInterval(int64(wholeMonths), int64(wholeDays), int64(us))
}

func wholeInt32(f float64) (float64, bool) {
	return math.Trunc(f), f >= math.MinInt32 && f <= math.MaxInt32
}

// roundToMicro rounds to a millionth.
func roundToMicro(f float64) float64 { return math.RoundToEven(f*1e6) / 1e6 }

// AtTimeZone converts between a timestamptz and the local time it is in zone.
func AtTimeZone(v Value, zone *time.Location) (Value, error) {
	if v.Kind == Timestamptz {
		return toTimestamp(v, Timestamp, zone)
	}
	return toTimestamp(v, Timestamptz, zone)
}

// OffsetZone returns the time zone that is span ahead of UTC, as AT TIME ZONE INTERVAL '…' uses it.
func OffsetZone(span Value) (*time.Location, error) {
	if span.X != nil {
		return nil, Errorf(CodeInvalidParameter, "interval time zone \"%s\" must not include months or days", span)
	}
	seconds := span.I / second
	if seconds > 14*86400 || seconds < -14*86400 {
		return nil, Errorf(CodeDatetimeOverflow, "time zone displacement out of range")
	}
	return time.FixedZone("", int(seconds)), nil
}

// MakeInterval is make_interval().
func MakeInterval(years, months, weeks, days, hours, mins int64, secs float64) (Value, error) {
	us := math.RoundToEven(secs * 1e6)
	if !(us >= math.MinInt64 && us < math.MaxInt64) {
		return Value{}, intervalOutOfRange()
	}
	var b intervalBuilder
	b.months = b.add(months, years, 12)
	b.days = b.add(days, weeks, 7)
	b.us = b.add(int64(us), hours, hour)
	b.us = b.add(b.us, mins, minute)
	if b.overflowed {
		return Value{}, intervalOutOfRange()
	}
	return checkedInterval(b.months, b.days, b.us)
}

// ToTimestamp is to_timestamp(): seconds since 1970-01-01 UTC as a timestamptz.
func ToTimestamp(seconds float64) (Value, error) {
	switch {
	case math.IsNaN(seconds):
		return Value{}, Errorf(CodeDatetimeOverflow, "timestamp cannot be NaN")
	case math.IsInf(seconds, 1):
		return NewTimestamptz(Infinity), nil
	case math.IsInf(seconds, -1):
		return NewTimestamptz(NegInfinity), nil
	}
	// PostgreSQL counts from 2000 and rounds there, which decides the last microseconds.
	const epoch = 946684800
	us := math.RoundToEven((seconds - epoch) * 1e6)
	if !(us >= float64(minTimestamp) && us < float64(maxTimestamp-epoch*second)) {
		return Value{}, Errorf(CodeDatetimeOverflow, "timestamp out of range: \"%.6g\"", seconds)
	}
	return checkedTimestamp(Timestamptz, int64(us)+epoch*second)
}
