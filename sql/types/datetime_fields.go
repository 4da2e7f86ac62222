package types

import "strings"

// timeField is a field that DATE_TRUNC, EXTRACT and DATE_PART speak of.
type timeField int

const (
	noField timeField = iota
	microsecondsField
	millisecondsField
	secondField
	minuteField
	hourField
	dayField
	weekField
	monthField
	quarterField
	yearField
	decadeField
	centuryField
	millenniumField
	// Those below can be extracted, but nothing can be truncated to them.
	epochField
	julianField
	isoYearField
	dowField
	isoDowField
	doyField
	timezoneField
	timezoneHourField
	timezoneMinuteField
)

// timeFields are the words PostgreSQL takes for a field.
var timeFields = map[string]timeField{
	"us": microsecondsField, "usec": microsecondsField, "usecs": microsecondsField, "usecond": microsecondsField,
	"useconds": microsecondsField, "microsecond": microsecondsField, "microseconds": microsecondsField, "microsecon": microsecondsField,
	"ms": millisecondsField, "msec": millisecondsField, "msecs": millisecondsField, "msecond": millisecondsField,
	"mseconds": millisecondsField, "millisecond": millisecondsField, "milliseconds": millisecondsField, "millisecon": millisecondsField,
	"s": secondField, "sec": secondField, "secs": secondField, "second": secondField, "seconds": secondField,
	"m": minuteField, "min": minuteField, "mins": minuteField, "minute": minuteField, "minutes": minuteField,
	"h": hourField, "hr": hourField, "hrs": hourField, "hour": hourField, "hours": hourField,
	"d": dayField, "day": dayField, "days": dayField,
	"w": weekField, "week": weekField, "weeks": weekField,
	"mon": monthField, "mons": monthField, "month": monthField, "months": monthField,
	"qtr": quarterField, "quarter": quarterField,
	"y": yearField, "yr": yearField, "yrs": yearField, "year": yearField, "years": yearField,
	"dec": decadeField, "decs": decadeField, "decade": decadeField, "decades": decadeField,
	"c": centuryField, "cent": centuryField, "century": centuryField, "centuries": centuryField,
	"mil": millenniumField, "mils": millenniumField, "millennia": millenniumField, "millennium": millenniumField,
	"epoch": epochField, "julian": julianField, "jd": julianField, "j": julianField, "isoyear": isoYearField,
	"dow": dowField, "isodow": isoDowField, "doy": doyField,
	"timezone": timezoneField, "timezone_h": timezoneHourField, "timezone_hour": timezoneHourField,
	"timezone_m": timezoneMinuteField, "timezone_minute": timezoneMinuteField,
}

func parseTimeField(name string, k Kind) (timeField, error) {
	if f, ok := timeFields[strings.ToLower(name)]; ok {
		return f, nil
	}
	return noField, fieldNotRecognized(name, k)
}

func fieldNotRecognized(name string, k Kind) *Error {
	return Errorf(CodeInvalidParameter, "unit \"%s\" not recognized for type %s", strings.ToLower(name), k)
}

func fieldNotSupported(name string, k Kind) *Error {
	return Errorf(CodeNotSupported, "unit \"%s\" not supported for type %s", strings.ToLower(name), k)
}
