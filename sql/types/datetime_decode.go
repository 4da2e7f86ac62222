package types

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// decodeFault is what is wrong with the text of a date or time.
type decodeFault int

const (
	faultNone   decodeFault = iota
	faultFormat             // not a date at all
	faultField              // a month 13 or an hour 25
	faultMonthDay
	faultZone  // an offset of more than 15:59:59
	faultClock // now, today
	faultZoneName
)

// error returns the fault as PostgreSQL words it.
func (f decodeFault) error(k Kind, s, zone string) error {
	switch f {
	case faultField:
		return Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s)
	case faultMonthDay:
		return Errorf(CodeDatetimeOverflow, "date/time field value out of range: \"%s\"", s).
			WithHint("Dates are read as year-month-day or month/day/year.")
	case faultZone:
		return Errorf(CodeZoneOutOfRange, "time zone displacement out of range: \"%s\"", s)
	case faultClock:
		return Errorf(CodeDatetimeFormat, "invalid input syntax for type %s: \"%s\"", inputName(k), s).
			WithHint("Words such as now and today are not read, for their value would depend on when they are; use NOW().")
	case faultZoneName:
		return Errorf(CodeInvalidParameter, "time zone \"%s\" not recognized", zone)
	}
	return Errorf(CodeDatetimeFormat, "invalid input syntax for type %s: \"%s\"", inputName(k), s)
}

// inputName is the name of a kind in the messages of its input function.
func inputName(k Kind) string {
	if k == Time || k == Timestamp {
		name, _, _ := strings.Cut(k.String(), " ")
		return name
	}
	return k.String()
}

// dateFields is a set of fields that have been read.
type dateFields uint

const (
	hasYear dateFields = 1 << iota
	hasMonth
	hasDay
	hasDayOfYear
	hasHour
	hasMinute
	hasSecond
	hasZone
	hasWeekday
	hasMeridiem
	hasEra
	hasInfinity

	hasDate = hasYear | hasMonth | hasDay
	hasTime = hasHour | hasMinute | hasSecond
)

// dateDecoder gathers the fields of a date and a time in whatever order and spelling they come. The rules of who takes which
// number are PostgreSQL's, for DateStyle ISO, MDY.
type dateDecoder struct {
	year, month, day, dayOfYear int64
	hour, minute, second        int64
	us                          int64
	seen                        dateFields
	expect                      timeField // of the next number: a unit was named
	timeNext                    bool      // a t was read: the next number is a time
	timeOnly                    bool      // a TIME is read: all numbers are times
	mayHaveDate                 bool      // the next token can be a date
	textMonth                   bool
	twoDigitYear                bool
	julian                      bool
	bc                          bool
	meridiem                    int64 // hours to add, or -1 for a clock of 24 hours
	infinite                    int
	offset                      int64
	zone                        *time.Location
	zoneName                    string // of a fault
}

// decodeDateTime reads the spellings of dates and timestamps that parseISO does not take.
func decodeDateTime(k Kind, s string) (civilTime, error) {
	d := dateDecoder{meridiem: -1}
	fault := d.decode(s)
	if fault == faultNone && d.infinite == 0 {
		fault = d.validate()
		if fault == faultNone && d.seen&hasDate != hasDate {
			fault = faultFormat
		}
	}
	if fault != faultNone {
		return civilTime{}, fault.error(k, s, d.zoneName)
	}
	if d.infinite != 0 {
		return civilTime{infinite: d.infinite}, nil
	}
	return civilTime{
		days: daysFromCivil(d.year, d.month, d.day), timeOfDay: d.timeOfDay(),
		hasZone: d.seen&hasZone != 0, offset: d.offset, zone: d.zone,
	}, nil
}

// decodeTime reads the spellings of times of day that isoTimeOfDay does not take. A date before the time and a zone behind it are
// read and dropped; a zone whose offset depends on the date needs one.
func decodeTime(s string) (int64, error) {
	d := dateDecoder{meridiem: -1, timeOnly: true}
	fault := d.decode(s)
	if fault == faultNone {
		fault = d.validate()
	}
	if fault == faultNone && (d.seen&hasTime != hasTime || d.zone != nil && d.seen&hasDate != hasDate && !fixedOffset(d.zone)) {
		fault = faultFormat
	}
	if fault != faultNone {
		return 0, fault.error(Time, s, d.zoneName)
	}
	return d.timeOfDay(), nil
}

func (d *dateDecoder) timeOfDay() int64 {
	return d.hour*hour + d.minute*minute + d.second*second + d.us
}

func (d *dateDecoder) decode(s string) decodeFault {
	tokens, ok := dateTokens(s)
	if !ok || len(tokens) == 0 {
		return faultFormat
	}
	d.mayHaveDate = !d.timeOnly || len(tokens) >= 2 && (tokens[1].kind == tokenTime || tokens[len(tokens)-1].kind == tokenDate)
	for i, t := range tokens {
		before := d.seen
		d.seen = 0
		fault := d.token(t, before, tokens[i+1:])
		if fault != faultNone {
			return fault
		}
		d.mayHaveDate = !d.timeOnly // a TIME's date comes first
		if d.seen&before != 0 {
			return faultFormat // a field came twice
		}
		d.seen |= before
	}
	return faultNone
}

// token reads one token. It notes in d.seen only what this token brings; seen is what came before.
func (d *dateDecoder) token(t dateToken, seen dateFields, rest []dateToken) decodeFault {
	switch t.kind {
	case tokenDate:
		return d.dateToken(t.text, seen)
	case tokenTime:
		if d.expect != noField {
			return faultFormat
		}
		d.timeNext = false
		return d.clock(t.text)
	case tokenOffset:
		d.seen = hasZone
		var fault decodeFault
		d.offset, fault = parseOffset(t.text)
		return fault
	case tokenNumber:
		return d.numberToken(t.text, seen)
	}
	return d.word(t.text, seen, rest)
}

// clock reads 14:30 or 14:30:00.5.
func (d *dateDecoder) clock(s string) decodeFault {
	d.seen = hasTime
	us, bad := clockTime(s)
	switch bad {
	case badFormat:
		return faultFormat
	case badRange:
		return faultField
	}
	return d.setTime(us/hour, us%hour/minute, us%minute/second, us%second)
}

func (d *dateDecoder) setTime(h, m, s, us int64) decodeFault {
	if h > 24 || m > 59 || s > 60 || h*hour+m*minute+s*second+us > day {
		return faultField
	}
	d.hour, d.minute, d.second, d.us = h, m, s, us
	return faultNone
}

// dateToken reads a token with punctuation: a date; or, once there is one, a zone's name or hhmmss-zone.
func (d *dateDecoder) dateToken(s string, seen dateFields) decodeFault {
	if d.expect == julianField && !d.timeOnly {
		return d.julianWithZone(s)
	}
	if d.mayHaveDate && !d.timeNext && seen&(hasMonth|hasDay) != hasMonth|hasDay {
		return d.date(s, seen)
	}
	if d.expect != noField {
		return faultFormat
	}
	if !isDigit(s[0]) && !d.timeNext {
		return d.namedZone(s)
	}
	dash := strings.IndexByte(s, '-')
	if seen&hasTime == hasTime || dash < 0 {
		return faultFormat
	}
	d.timeNext = false
	fault := faultNone
	if d.offset, fault = parseOffset(s[dash:]); fault != faultNone {
		return fault
	}
	if d.timeOnly {
		seen |= hasDate
	}
	fault = d.runTogether(s[:dash], seen)
	d.seen |= hasZone
	return fault
}

// julianWithZone reads the day of J2451187-08.
func (d *dateDecoder) julianWithZone(s string) decodeFault {
	n, rest := countDigits(s)
	fault := d.setJulian(s[:n])
	if fault != faultNone {
		return fault
	}
	d.expect = noField
	d.seen = hasDate | hasTime | hasZone
	d.offset, fault = parseOffset(rest)
	return fault
}

func (d *dateDecoder) setJulian(digits string) decodeFault {
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return faultField
	}
	d.julian = true
	d.year, d.month, d.day = civilFromDays(n + minDays)
	return faultNone
}

func (d *dateDecoder) namedZone(s string) decodeFault {
	d.seen = hasZone
	zone, err := loadNamed(s)
	if err != nil {
		d.zoneName = s
		return faultZoneName
	}
	d.zone = zone
	return faultNone
}

// date reads three fields with delimiters, one of which may be a month's name.
func (d *dateDecoder) date(s string, seen dateFields) decodeFault {
	fields := dateParts(s)
	if len(fields) == 0 || len(fields) > 3 {
		return faultFormat
	}
	own := dateFields(0) // what the fields have brought
	numbers := fields[:0:0]
	for _, f := range fields {
		if !isLetter(f[0]) {
			numbers = append(numbers, f)
			continue
		}
		w, known := dateWords[f]
		if known && w.kind == wordIgnored {
			continue
		}
		if !known || w.kind != wordMonth || (seen|own)&hasMonth != 0 {
			return faultFormat
		}
		d.textMonth, d.month = true, w.value
		own |= hasMonth
	}
	for _, f := range numbers {
		d.seen = 0
		if fault := d.number(f, seen|own); fault != faultNone {
			return fault
		}
		if d.seen&own != 0 {
			return faultFormat
		}
		own |= d.seen
	}
	d.seen = own
	if (seen|own)&^(hasDayOfYear|hasZone) != hasDate {
		return faultFormat
	}
	return faultNone
}

// dateParts cuts a date into its runs of digits and of letters.
func dateParts(s string) []string {
	var parts []string
	for i := 0; i < len(s); {
		accept := isDigit
		if isLetter(s[i]) {
			accept = isLetter
		} else if !isDigit(s[i]) {
			i++
			continue
		}
		end := skip(s, i, accept)
		parts = append(parts, s[i:end])
		i = end
	}
	return parts
}

// numberToken reads a number that stands by itself.
func (d *dateDecoder) numberToken(s string, seen dateFields) decodeFault {
	if d.timeNext {
		d.timeNext = false
		fault := d.runTogether(s, seen|hasDate)
		if fault == faultNone && d.seen != hasTime {
			return faultFormat
		}
		return fault
	}
	if d.expect != noField {
		return d.unit(s, seen)
	}
	point := strings.IndexByte(s, '.')
	switch {
	case d.timeOnly:
		return d.runTogether(s, seen|hasDate)
	case point >= 0 && seen&hasDate == 0:
		return d.date(s, seen)
	case point > 2:
		return d.runTogether(s, seen)
	case len(s) >= 6 && (seen&hasDate == 0 || seen&hasTime == 0):
		return d.runTogether(s, seen)
	}
	return d.number(s, seen)
}

// unit reads the number behind a unit: y2001m02d04.
func (d *dateDecoder) unit(s string, seen dateFields) decodeFault {
	unit := d.expect
	d.expect = noField
	digits, fraction, hasFraction := strings.Cut(s, ".")
	if hasFraction && unit != julianField && unit != secondField {
		return faultFormat
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return faultField
	}
	switch unit {
	case yearField:
		d.year, d.seen = n, hasYear
	case monthField:
		if seen&hasMonth != 0 && seen&hasHour != 0 {
			d.minute, d.seen = n, hasMinute
		} else {
			d.month, d.seen = n, hasMonth
		}
	case dayField:
		d.day, d.seen = n, hasDay
	case hourField:
		d.hour, d.seen = n, hasHour
	case minuteField:
		d.minute, d.seen = n, hasMinute
	case secondField:
		d.second, d.seen = n, hasSecond
		d.us = fractionOf(fraction, second)
	case julianField:
		d.seen = hasDate
		if fault := d.setJulian(digits); fault != faultNone {
			return fault
		}
		if hasFraction {
			us := fractionOf(fraction, day)
			d.seen |= hasTime
			return d.setTime(us/hour, us%hour/minute, us%minute/second, us%second)
		}
	}
	return faultNone
}

// fractionOf returns 0.digits of unit, rounded.
func fractionOf(digits string, unit int64) int64 {
	f, err := strconv.ParseFloat("0."+digits, 64)
	if err != nil {
		return 0 // no digits behind the point
	}
	return int64(math.RoundToEven(f * float64(unit)))
}

// number gives a number to the field whose turn it is.
func (d *dateDecoder) number(s string, seen dateFields) decodeFault {
	digits, _, hasFraction := strings.Cut(s, ".")
	if hasFraction {
		if len(digits) > 2 {
			return d.runTogether(s, seen|hasDate)
		}
		return faultFormat
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	if err != nil {
		return faultField
	}
	long := len(s) >= 3
	if len(s) == 3 && seen&hasDate == hasYear && n >= 1 && n <= 366 {
		d.dayOfYear, d.seen = n, hasDayOfYear|hasMonth|hasDay
		return faultNone
	}
	switch seen & hasDate {
	case 0:
		if long {
			d.setYear(n, s)
		} else {
			d.month, d.seen = n, hasMonth
		}
	case hasYear, hasDay:
		d.month, d.seen = n, hasMonth
	case hasMonth:
		if d.textMonth && long {
			d.setYear(n, s)
		} else {
			d.day, d.seen = n, hasDay
		}
	case hasYear | hasMonth:
		if d.textMonth && long && d.twoDigitYear {
			// What was taken for a year of two digits was the day.
			d.day, d.year, d.twoDigitYear = d.year, n, false
		} else {
			d.day = n
		}
		d.seen = hasDay
	case hasMonth | hasDay:
		d.setYear(n, s)
	case hasDate:
		return d.runTogether(s, seen)
	default:
		return faultFormat
	}
	return faultNone
}

func (d *dateDecoder) setYear(n int64, s string) {
	d.year, d.seen, d.twoDigitYear = n, hasYear, len(s) <= 2
}

// runTogether reads yyyymmdd, yymmdd, hhmmss[.f] or hhmm.
func (d *dateDecoder) runTogether(s string, seen dateFields) decodeFault {
	digits, fraction, hasFraction := strings.Cut(s, ".")
	if !allDigits(digits) || !allDigits(fraction) {
		return faultFormat
	}
	n := len(digits)
	if hasFraction {
		d.us = fractionOf(fraction, second)
	} else if seen&hasDate != hasDate && n >= 6 {
		d.seen = hasDate
		year, err := strconv.ParseInt(digits[:n-4], 10, 32)
		if err != nil {
			return faultField
		}
		d.year, d.month, d.day = year, smallInt(digits[n-4:n-2]), smallInt(digits[n-2:])
		d.twoDigitYear = d.twoDigitYear || n == 6
		return faultNone
	}
	if seen&hasTime == hasTime || n != 6 && n != 4 {
		return faultFormat
	}
	d.seen = hasTime
	d.hour, d.minute, d.second = smallInt(digits[:2]), smallInt(digits[2:4]), smallInt(digits[4:])
	return faultNone
}

// word reads a word; rest are the tokens behind it.
func (d *dateDecoder) word(s string, seen dateFields, rest []dateToken) decodeFault {
	if offset, ok := zoneAbbreviations[s]; ok {
		d.offset, d.seen = offset, hasZone
		return faultNone
	}
	w, ok := dateWords[s]
	if !ok {
		if d.namedZone(s) != faultNone {
			return faultFormat
		}
		return faultNone
	}
	if d.timeOnly && (w.kind == wordMonth || w.kind == wordWeekday || w.kind == wordInfinity) {
		return faultFormat
	}
	switch w.kind {
	case wordMonth:
		d.monthName(w.value, seen)
	case wordWeekday:
		d.seen = hasWeekday
	case wordMeridiem:
		d.meridiem, d.seen = w.value, hasMeridiem
	case wordEra:
		d.bc, d.seen = w.value == 1, hasEra
	case wordUnit:
		d.expect = timeField(w.value)
	case wordTimeNext:
		return d.timeFollows(seen, rest)
	case wordZulu:
		d.hour, d.minute, d.second, d.us, d.offset = 0, 0, 0, 0, 0
		d.seen = hasTime | hasZone
	case wordInfinity:
		d.infinite = int(w.value)
		d.seen = hasInfinity
	case wordClock:
		return faultClock
	}
	return faultNone
}

// monthName takes a month's name. A number that was taken for the month was the day, then.
func (d *dateDecoder) monthName(month int64, seen dateFields) {
	d.seen = hasMonth
	if seen&hasMonth != 0 && !d.textMonth && seen&hasDay == 0 && d.month >= 1 && d.month <= 31 {
		d.day, d.seen = d.month, hasDay
	}
	d.textMonth, d.month = true, month
}

// timeFollows takes the t between an ISO date and time.
func (d *dateDecoder) timeFollows(seen dateFields, rest []dateToken) decodeFault {
	if seen&hasDate != hasDate && !d.timeOnly || len(rest) == 0 {
		return faultFormat
	}
	switch rest[0].kind {
	case tokenNumber, tokenTime, tokenDate:
		d.timeNext = true
		return faultNone
	}
	return faultFormat
}

// validate checks the fields' ranges and turns two-digit years, BC, AM and PM into what they mean.
func (d *dateDecoder) validate() decodeFault {
	if d.seen&hasYear != 0 && !d.julian {
		switch {
		case !d.bc && d.twoDigitYear && d.year < 70:
			d.year += 2000
		case !d.bc && d.twoDigitYear && d.year < 100:
			d.year += 1900
		case d.year <= 0:
			return faultField
		case d.bc:
			d.year = 1 - d.year
		}
	}
	if d.seen&hasDayOfYear != 0 {
		d.year, d.month, d.day = civilFromDays(daysFromCivil(d.year, 1, 1) + d.dayOfYear - 1)
	}
	if d.seen&hasMonth != 0 && (d.month < 1 || d.month > 12) || d.seen&hasDay != 0 && (d.day < 1 || d.day > 31) {
		return faultMonthDay
	}
	if d.seen&hasDate == hasDate && d.day > daysInMonth(d.year, d.month) {
		return faultField
	}
	if d.meridiem >= 0 {
		if d.hour > 12 {
			return faultField
		}
		d.hour = d.hour%12 + d.meridiem
	}
	return d.setTime(d.hour, d.minute, d.second, d.us)
}
