package types

import "time"

// civilTime is a date and a time of day as they were written, with their zone where one was.
type civilTime struct {
	days      int64 // since 1970-01-01
	timeOfDay int64 // microseconds
	hasTime   bool
	hasZone   bool
	offset    int64          // seconds east of Greenwich, where hasZone
	zone      *time.Location // a named zone, which decides the offset by the date
	infinite  int            // -1 or 1 for the infinities, which have no other part
}

// parseISO reads the spelling that nearly every producer writes: YYYY-MM-DD, then optionally a blank or T, HH:MM[:SS[.ffffff]],
// and optionally Z or a numeric offset. False means only that the text is spelled otherwise or names no
// such moment: the general decoder then reads it, or says what is wrong with it.
func parseISO(s string) (c civilTime, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' || !allDigits(s[:4]) || !allDigits(s[5:7]) || !allDigits(s[8:10]) {
		return c, false
	}
	year, month, dayOfMonth := smallInt(s[:4]), smallInt(s[5:7]), smallInt(s[8:10])
	if year == 0 || month < 1 || month > 12 || dayOfMonth < 1 || dayOfMonth > daysInMonth(year, month) {
		return c, false
	}
	c.days = daysFromCivil(year, month, dayOfMonth)
	rest := s[10:]
	if rest == "" {
		return c, true
	}
	if rest[0] != ' ' && rest[0] != 'T' {
		return c, false
	}
	c.hasTime = true
	if c.timeOfDay, rest, ok = isoTimeOfDay(rest[1:]); !ok {
		return c, false
	}
	if rest == "" {
		return c, true
	}
	c.hasZone = true
	if rest == "Z" {
		return c, true
	}
	var fault decodeFault
	c.offset, fault = parseOffset(rest)
	return c, fault == faultNone
}

// isoTimeOfDay reads HH:MM[:SS[.ffffff]] and returns what follows.
func isoTimeOfDay(s string) (us int64, rest string, ok bool) {
	if len(s) < 5 || s[2] != ':' || !allDigits(s[:2]) || !allDigits(s[3:5]) {
		return 0, s, false
	}
	h, m, sec := smallInt(s[:2]), smallInt(s[3:5]), int64(0)
	rest = s[5:]
	if len(rest) >= 3 && rest[0] == ':' && allDigits(rest[1:3]) {
		sec, rest = smallInt(rest[1:3]), rest[3:]
	}
	if h > 23 || m > 59 || sec > 59 {
		return 0, s, false
	}
	us = h*hour + m*minute + sec*second
	if rest == "" || rest[0] != '.' {
		return us, rest, true
	}
	if len(s)-len(rest) == len("hh:mm") {
		return 0, s, false // mm:ss.f
	}
	n, tail := countDigits(rest[1:])
	if n == 0 || n > 6 {
		return 0, s, false // more digits are rounded, by the general decoder
	}
	return us + smallInt(rest[1:1+n])*pow10[6-n], tail, true
}

func allDigits(s string) bool {
	n, _ := countDigits(s)
	return n == len(s)
}
