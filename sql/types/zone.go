package types

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // named zones work on machines without a zone database
)

// offsetAt returns the seconds zone is ahead of UTC at the instant us.
func offsetAt(zone *time.Location, us int64) int64 {
	if zone == nil || zone == time.UTC {
		return 0
	}
	_, offset := time.Unix(floorDiv(us, second), 0).In(zone).Zone()
	return int64(offset)
}

// toLocal returns the local time of the instant us in zone, as microseconds of a Timestamp.
func toLocal(us int64, zone *time.Location) int64 { return us + offsetAt(zone, us)*second }

// toUTC returns the instant of the local time us in zone. A local time that a change of the offset skips or repeats is
// read with the offset before the change where it is skipped, and with the standard-time offset (the later
// instant) where it is repeated, as PostgreSQL does.
func toUTC(local int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return local
	}
	// Offsets stay within a day, so the two candidates are those in force a day before and after.
	before, after := offsetAt(zone, local-day), offsetAt(zone, local+day)
	if before == after {
		// No change near, or one that was taken back within two days: the offset at the local time itself decides.
		guess := local - before*second
		if offset := offsetAt(zone, guess); offset != before {
			return local - offset*second
		}
		return guess
	}
	early, late := local-before*second, local-after*second
	earlyHolds, lateHolds := offsetAt(zone, early) == before, offsetAt(zone, late) == after
	switch {
	case earlyHolds && !lateHolds:
		return early
	case lateHolds && !earlyHolds:
		return late
	case !earlyHolds: // skipped
		return early
	}
	return max(early, late) // repeated
}

// zones caches what LoadZone found: time.LoadLocation reads a file each time.
var zones sync.Map // lower-case name -> *time.Location

// LoadZone returns the time zone called name: a name of the tz database in any case, an abbreviation PostgreSQL knows, or an
// offset such as +02 or -05:30 (east of Greenwich is positive, as in timestamp literals).
func LoadZone(name string) (*time.Location, error) {
	key := strings.ToLower(strings.TrimSpace(name))
	if z, ok := zones.Load(key); ok {
		return z.(*time.Location), nil
	}
	z := findZone(strings.TrimSpace(name))
	if z == nil {
		return nil, Errorf(CodeInvalidParameter, "time zone \"%s\" not recognized", name).
			WithHint("Write a name such as 'Europe/Berlin', or an offset such as '+02'.")
	}
	zones.Store(key, z)
	return z, nil
}

func findZone(name string) *time.Location {
	if name == "" || strings.EqualFold(name, "local") {
		return nil // Go gives these a meaning of its own
	}
	if offset, ok := parseOffset(name); ok {
		return time.FixedZone(name, int(offset))
	}
	for _, spelling := range []string{name, strings.ToUpper(name), titleZone(name)} {
		if z, err := time.LoadLocation(spelling); err == nil {
			return z
		}
	}
	return nil
}

// titleZone capitalises the words of a zone name: america/new_york becomes America/New_York.
func titleZone(name string) string {
	b := []byte(strings.ToLower(name))
	for i, c := range b {
		if c >= 'a' && c <= 'z' && (i == 0 || strings.IndexByte("/_-", b[i-1]) >= 0) {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// parseOffset reads +HH, +HHMM, +HHMMSS, +HH:MM or +HH:MM:SS as seconds east of Greenwich.
func parseOffset(s string) (int64, bool) {
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, false
	}
	var parts [3]int64
	rest, n := s[1:], 0
	if digits, tail := countDigits(rest); tail == "" && digits > 2 {
		rest = colons(rest) // +HHMM
	}
	for ; n < 3; n++ {
		digits, tail := countDigits(rest)
		if digits == 0 || digits > 2 {
			return 0, false
		}
		parts[n] = smallInt(rest[:digits])
		if rest = tail; rest == "" {
			break
		}
		if rest[0] != ':' {
			return 0, false
		}
		rest = rest[1:]
	}
	if rest != "" || parts[0] > 15 || parts[1] > 59 || parts[2] > 59 {
		return 0, false
	}
	offset := parts[0]*3600 + parts[1]*60 + parts[2]
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// colons puts colons between pairs of digits counted from the right: 0530 becomes 05:30, 530 becomes 5:30.
func colons(digits string) string {
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%2 == 0 {
			b.WriteByte(':')
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// smallInt returns the number that a few decimal digits spell.
func smallInt(digits string) int64 {
	var n int64
	for i := range len(digits) {
		n = n*10 + int64(digits[i]-'0')
	}
	return n
}
