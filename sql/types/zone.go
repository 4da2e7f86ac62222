package types

import (
	"math"
	"strconv"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // named zones work on machines without a zone database
	"unicode"
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

// zones caches the zones of the tz database that were asked for, which are a few hundred at most: time.LoadLocation reads a file
// each time.
var zones sync.Map // lower-case name -> *time.Location

// LoadZone returns the time zone that AT TIME ZONE and a timestamp literal know by name: an abbreviation (CET, which has no
// summer time), a name of the tz database in any case, or a POSIX offset such as UTC+3, which is positive west of Greenwich.
func LoadZone(name string) (*time.Location, error) {
	key := strings.ToLower(name)
	if offset, ok := zoneAbbreviations[key]; ok {
		return time.FixedZone(strings.ToUpper(name), int(offset)), nil
	}
	return loadNamed(name)
}

// LoadSessionZone returns the zone that SET TimeZone = name means: a number is hours east of Greenwich, and names of
// the tz database are not hidden by abbreviations (CET has a summer time).
func LoadSessionZone(name string) (*time.Location, error) {
	if hours, err := strconv.ParseFloat(name, 64); err == nil && math.Abs(hours) < 168 {
		return time.FixedZone(name, int(hours*3600)), nil
	}
	return loadNamed(name)
}

// loadNamed returns a zone of the tz database, or one of a POSIX offset.
func loadNamed(name string) (*time.Location, error) {
	key := strings.ToLower(name)
	if z, ok := zones.Load(key); ok {
		return z.(*time.Location), nil
	}
	if z := databaseZone(key); z != nil {
		zones.Store(key, z)
		return z, nil
	}
	if offset, ok := posixOffset(name); ok {
		return time.FixedZone(name, int(offset)), nil
	}
	return nil, Errorf(CodeInvalidParameter, "time zone \"%s\" not recognized", name).
		WithHint("Write a name such as Europe/Berlin.")
}

// databaseZone finds a zone of the tz database by its lower-case name, or returns nil.
func databaseZone(key string) *time.Location {
	if key == "" || key == "local" || strings.HasPrefix(key, "/") {
		return nil // Go would take these for the machine's own zone, or a file
	}
	for _, spelling := range []string{zoneSpellings[key], titleZone(key), strings.ToUpper(key)} {
		if spelling == "" {
			continue
		}
		if z, err := time.LoadLocation(spelling); err == nil {
			return z
		}
	}
	return nil
}

// posixOffset reads a POSIX time zone without summer time: an abbreviation of letters or in angle brackets, or none, and an offset
// west of Greenwich. The result is east of Greenwich.
func posixOffset(s string) (int64, bool) {
	if strings.HasPrefix(s, "<") {
		end := strings.IndexByte(s, '>')
		if end < 0 {
			return 0, false
		}
		s = s[end+1:]
	} else {
		s = strings.TrimLeftFunc(s, unicode.IsLetter)
	}
	sign, rest := cutSign(s)
	fields := strings.Split(rest, ":")
	if len(fields) > 3 {
		return 0, false
	}
	limits, units := [...]int64{167, 59, 59}, [...]int64{3600, 60, 1}
	var offset int64
	for i, f := range fields {
		if f == "" || len(f) > 3 || !allDigits(f) || smallInt(f) > limits[i] {
			return 0, false
		}
		offset += smallInt(f) * units[i]
	}
	if sign == '-' {
		return offset, true
	}
	return -offset, true
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

// parseOffset reads the numeric zone of a timestamp, +HH, +HHMM, +HH:MM or +HH:MM:SS, as seconds east of Greenwich.
func parseOffset(s string) (int64, decodeFault) {
	sign, rest := cutSign(s)
	if len(rest) == len(s) {
		return 0, faultFormat
	}
	var n [3]int64
	digits, tail := countDigits(rest)
	if digits == 0 {
		return 0, faultFormat
	}
	runTogether := tail == "" && digits > 2
	for i := range n {
		if len(strings.TrimLeft(rest[:digits], "0")) > 9 {
			return 0, faultZone
		}
		n[i], rest = smallInt(rest[:digits]), tail
		if i == len(n)-1 || !strings.HasPrefix(rest, ":") {
			break
		}
		rest = rest[1:]
		digits, tail = countDigits(rest)
	}
	if runTogether {
		n[0], n[1] = n[0]/100, n[0]%100
	}
	if n[0] > 15 || n[1] > 59 || n[2] > 59 {
		return 0, faultZone
	}
	if rest != "" {
		return 0, faultFormat
	}
	offset := n[0]*3600 + n[1]*60 + n[2]
	if sign == '-' {
		offset = -offset
	}
	return offset, faultNone
}

// fixedOffset reports whether a zone has had one offset from 1850 on.
func fixedOffset(zone *time.Location) bool {
	const halfYear = 183 * day
	first := offsetAt(zone, 0)
	for us := daysFromCivil(1850, 1, 1) * day; us < daysFromCivil(2040, 1, 1)*day; us += halfYear {
		if offsetAt(zone, us) != first {
			return false
		}
	}
	return true
}

// smallInt returns the number that a few decimal digits spell.
func smallInt(digits string) int64 {
	var n int64
	for i := range len(digits) {
		n = n*10 + int64(digits[i]-'0')
	}
	return n
}
