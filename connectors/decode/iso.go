package decode

// A moment is an ISO 8601 text as connectors write it: a date, a time of day, or both, with or without a zone.
type moment struct {
	days      int64 // since 1970-01-01
	timeOfDay int64 // microseconds, 0..86400000000
	offset    int64 // seconds east of Greenwich
	hasDate   bool
	hasTime   bool
	tooFine   bool // digits behind the microseconds
}

const (
	second = int64(1e6)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// parseMoment reads YYYY-MM-DD, HH:MM:SS[.digits] or both with T or a blank between them, then Z, an offset or nothing. Years
// may have a sign and up to nine digits: -0043 is 44 BC. False where b is something else or names no date of the calendar.
func parseMoment(b []byte) (m moment, ok bool) {
	if len(b) < 3 || b[2] != ':' {
		m.hasDate = true
		if m.days, b, ok = parseDate(b); !ok {
			return m, false
		}
		if len(b) > 0 && (b[0] == 'T' || b[0] == ' ') {
			m.hasTime, b = true, b[1:]
		}
	} else {
		m.hasTime = true
	}
	if m.hasTime {
		if b, ok = m.parseTime(b); !ok {
			return m, false
		}
	}
	m.offset, ok = parseZone(b)
	return m, ok
}

func twoDigits(b []byte) (int64, bool) {
	tens, ones := b[0]-'0', b[1]-'0'
	return int64(tens)*10 + int64(ones), tens < 10 && ones < 10
}

func parseDate(b []byte) (days int64, rest []byte, ok bool) {
	sign, year := int64(1), int64(0)
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	n := 0
	for n < len(b) && n < 10 && b[n]-'0' < 10 {
		year = year*10 + int64(b[n]-'0')
		n++
	}
	if n < 4 || n > 9 || len(b) < n+6 || b[n] != '-' || b[n+3] != '-' {
		return 0, b, false
	}
	month, ok1 := twoDigits(b[n+1:])
	dayOfMonth, ok2 := twoDigits(b[n+4:])
	year *= sign
	if !ok1 || !ok2 || month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysInMonth(year, month) {
		return 0, b, false
	}
	return daysFromCivil(year, month, dayOfMonth), b[n+6:], true
}

func (m *moment) parseTime(b []byte) (rest []byte, ok bool) {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return b, false
	}
	h, ok1 := twoDigits(b)
	mins, ok2 := twoDigits(b[3:])
	sec, ok3 := twoDigits(b[6:])
	if !ok1 || !ok2 || !ok3 || h > 24 || mins > 59 || sec > 59 {
		return b, false
	}
	b = b[8:]
	fraction, scale := int64(0), second
	if len(b) > 1 && b[0] == '.' && b[1]-'0' < 10 {
		for b = b[1:]; len(b) > 0 && b[0]-'0' < 10; b = b[1:] {
			scale /= 10
			fraction += int64(b[0]-'0') * scale
			m.tooFine = m.tooFine || scale == 0 && b[0] != '0'
		}
	}
	m.timeOfDay = h*hour + mins*minute + sec*second + fraction
	return b, m.timeOfDay <= day
}

func parseZone(b []byte) (offset int64, ok bool) {
	switch {
	case len(b) == 0, len(b) == 1 && b[0] == 'Z':
		return 0, true
	case len(b) < 3 || b[0] != '+' && b[0] != '-':
		return 0, false
	}
	sign := int64(1)
	if b[0] == '-' {
		sign = -1
	}
	// Hours, minutes and seconds, each of the latter two optional and with or without its colon.
	b = b[1:]
	for _, unit := range [...]int64{3600, 60, 1} {
		if len(b) > 0 && b[0] == ':' && unit < 3600 {
			b = b[1:]
		} else if len(b) == 0 && unit < 3600 {
			break
		}
		if len(b) < 2 {
			return 0, false
		}
		n, ok := twoDigits(b)
		if !ok || n > 59 {
			return 0, false
		}
		offset += n * unit
		b = b[2:]
	}
	return sign * offset, len(b) == 0 && offset <= 16*3600
}

// daysFromCivil returns the days since 1970-01-01 of a date of the proleptic Gregorian calendar, in which year 0 is 1 BC.
func daysFromCivil(year, month, dayOfMonth int64) int64 {
	// Years that begin in March put the leap day at their end.
	if month -= 2; month <= 0 {
		month += 12
		year--
	}
	era := year / 400
	if year%400 < 0 {
		era--
	}
	yearOfEra := year - era*400
	dayOfYear := (153*(month-1)+2)/5 + dayOfMonth - 1
	return era*146097 + yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear - 719468
}

func daysInMonth(year, month int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
