package types

import "time"

// appendDate prints 2025-05-20, with BC for years before 1.
func appendDate(dst []byte, days int64) []byte {
	switch days {
	case InfinityDays:
		return append(dst, "infinity"...)
	case NegInfinityDays:
		return append(dst, "-infinity"...)
	}
	year, month, dayOfMonth := civilFromDays(days)
	dst = appendCivil(dst, year, month, dayOfMonth)
	return appendEra(dst, year)
}

func appendCivil(dst []byte, year, month, dayOfMonth int64) []byte {
	if year <= 0 {
		year = 1 - year
	}
	dst = appendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, month, 2)
	dst = append(dst, '-')
	return appendPadded(dst, dayOfMonth, 2)
}

func appendEra(dst []byte, year int64) []byte {
	if year <= 0 {
		return append(dst, " BC"...)
	}
	return dst
}

// appendPadded prints n >= 0 with at least width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	if width == 2 && n < 100 {
		return append(dst, byte('0'+n/10), byte('0'+n%10))
	}
	for limit := pow10[width-1]; limit > n && limit > 1; limit /= 10 {
		dst = append(dst, '0')
	}
	return appendInt(dst, n)
}

// appendTimeOfDay prints hh:mm:ss with the fraction's trailing zeros cut. us is not negative.
func appendTimeOfDay(dst []byte, us int64) []byte {
	dst = appendPadded(dst, us/hour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, us%hour/minute, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, us%minute/second, 2)
	return appendFraction(dst, us%second)
}

func appendFraction(dst []byte, us int64) []byte {
	if us == 0 {
		return dst
	}
	dst = append(dst, '.')
	dst = appendPadded(dst, us, 6)
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func appendTimestamp(dst []byte, us int64) []byte {
	if out, ok := appendInfinite(dst, us); ok {
		return out
	}
	dst, year := appendLocal(dst, us)
	return appendEra(dst, year)
}

// appendTimestamptz prints the instant in zone, with the zone's offset.
func appendTimestamptz(dst []byte, us int64, zone *time.Location) []byte {
	if out, ok := appendInfinite(dst, us); ok {
		return out
	}
	offset := offsetAt(zone, us)
	// The sum may leave int64 near the end of time, so the offset is added to the seconds of the day.
	days, timeOfDay := floorDiv(us, day), floorMod(us, day)+offset*second
	days, timeOfDay = days+floorDiv(timeOfDay, day), floorMod(timeOfDay, day)
	dst, year := appendLocalParts(dst, days, timeOfDay)
	dst = appendOffset(dst, offset)
	return appendEra(dst, year)
}

func appendInfinite(dst []byte, us int64) ([]byte, bool) {
	switch us {
	case Infinity:
		return append(dst, "infinity"...), true
	case NegInfinity:
		return append(dst, "-infinity"...), true
	}
	return dst, false
}

func appendLocal(dst []byte, us int64) ([]byte, int64) {
	return appendLocalParts(dst, floorDiv(us, day), floorMod(us, day))
}

func appendLocalParts(dst []byte, days, timeOfDay int64) ([]byte, int64) {
	year, month, dayOfMonth := civilFromDays(days)
	dst = appendCivil(dst, year, month, dayOfMonth)
	dst = append(dst, ' ')
	return appendTimeOfDay(dst, timeOfDay), year
}

// appendOffset prints +hh, with minutes and seconds only where they are not zero.
func appendOffset(dst []byte, offset int64) []byte {
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign)
	dst = appendPadded(dst, offset/3600, 2)
	if offset%3600 == 0 {
		return dst
	}
	dst = append(dst, ':')
	dst = appendPadded(dst, offset%3600/60, 2)
	if offset%60 == 0 {
		return dst
	}
	dst = append(dst, ':')
	return appendPadded(dst, offset%60, 2)
}
