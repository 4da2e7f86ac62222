package types

// Units of time in microseconds.
const (
	microsecond int64 = 1
	millisecond       = 1000 * microsecond
	second            = 1000 * millisecond
	minute            = 60 * second
	hour              = 60 * minute
	day               = 24 * hour
)

// What PostgreSQL's types can hold, in days and microseconds since 1970-01-01. The first moment is Julian day 0,
// 4713-11-24 BC. PostgreSQL counts from 2000 and so ends its timestamps at 294276-12-31; counted from 1970, int64 ends 30 years
// earlier, at 294247-01-10 04:00:54.775806, and later ones are out of range here.
const (
	minDays      int64 = -2440588
	maxDays      int64 = 2145042905 // 5874897-12-31
	minTimestamp       = minDays * day
	maxTimestamp       = Infinity - 1
)

// daysFromCivil returns the days since 1970-01-01 of a date of the proleptic Gregorian calendar. Year 0 is 1 BC; month
// may lie outside 1..12 and carries into the year; any day of the month is counted on from the first.
func daysFromCivil(year, month, dayOfMonth int64) int64 {
	month--
	year += floorDiv(month, 12)
	month = floorMod(month, 12)
	// Years that begin in March put the leap day at their end.
	month -= 2
	if month < 0 {
		month += 12
		year--
	}
	era := floorDiv(year, 400)
	yearOfEra := year - era*400
	dayOfYear := (153*month + 2) / 5
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear + dayOfMonth - 1 - 719468
}

// civilFromDays is the inverse of daysFromCivil.
func civilFromDays(days int64) (year, month, dayOfMonth int64) {
	days += 719468
	era := floorDiv(days, 146097)
	dayOfEra := days - era*146097
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	month = (5*dayOfYear + 2) / 153
	dayOfMonth = dayOfYear - (153*month+2)/5 + 1
	year = yearOfEra + era*400
	month += 3
	if month > 12 {
		month -= 12
		year++
	}
	return year, month, dayOfMonth
}

func leapYear(year int64) bool {
	return year%4 == 0 && (year%100 != 0 || year%400 == 0)
}

// daysInMonth returns the length of month 1..12.
func daysInMonth(year, month int64) int64 {
	switch month {
	case 2:
		if leapYear(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// finite reports whether a Date, Timestamp or Timestamptz is none of the infinities.
func (v Value) finite() bool {
	if v.Kind == Date {
		return v.I != InfinityDays && v.I != NegInfinityDays
	}
	return v.I != Infinity && v.I != NegInfinity
}

func timestampOutOfRange() *Error { return Errorf(CodeDatetimeOverflow, "timestamp out of range") }
func dateOutOfRange() *Error      { return Errorf(CodeDatetimeOverflow, "date out of range") }
func intervalOutOfRange() *Error  { return Errorf(CodeDatetimeOverflow, "interval out of range") }

// checkedTimestamp returns us as a timestamp of kind k, or 22008 where no timestamp is that far away.
func checkedTimestamp(k Kind, us int64) (Value, error) {
	if us < minTimestamp || us > maxTimestamp {
		return Value{}, timestampOutOfRange()
	}
	return Value{Kind: k, I: us}, nil
}

// checkedDate is checkedTimestamp for dates.
func checkedDate(days int64) (Value, error) {
	if days < minDays || days > maxDays {
		return Value{}, dateOutOfRange()
	}
	return Value{Kind: Date, I: days}, nil
}

// timestampOf returns the microseconds of a time of day on a date; false where they overflow.
func timestampOf(days, timeOfDay int64) (int64, bool) {
	if days < minDays || days > maxTimestamp/day {
		return 0, false
	}
	us := days*day + timeOfDay
	return us, us >= minTimestamp && us != Infinity && (us >= 0 || days <= 0)
}

// NewDate returns a DATE of days since 1970-01-01.
func NewDate(days int64) Value { return Value{Kind: Date, I: days} }

// NewTimestamp returns a TIMESTAMP of us microseconds since 1970-01-01.
func NewTimestamp(us int64) Value { return Value{Kind: Timestamp, I: us} }
