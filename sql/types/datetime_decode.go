package types

import "strings"

// decodeDateTime reads the spellings of dates and timestamps that parseISO does not take.
func decodeDateTime(k Kind, s string) (civilTime, error) {
	switch strings.ToLower(trimBlanks(s)) {
	case "infinity", "+infinity":
		return civilTime{infinite: 1}, nil
	case "-infinity":
		return civilTime{infinite: -1}, nil
	}
	return civilTime{}, Errorf(CodeDatetimeFormat, "invalid input syntax for type %s: \"%s\"", k, s)
}

// decodeTime reads the spellings of times of day that isoTimeOfDay does not take.
func decodeTime(s string) (int64, error) {
	us, bad := clockTime(trimBlanks(s))
	if bad != noProblem || us > day {
		return 0, Errorf(CodeDatetimeFormat, "invalid input syntax for type %s: \"%s\"", Time, s)
	}
	return us, nil
}
