package types

import "strings"

// dateToken is a piece of the text of a date or time.
type dateToken struct {
	kind dateTokenKind
	text string // lower case
}

type dateTokenKind int

const (
	tokenNumber  dateTokenKind = iota // digits, with a fraction perhaps
	tokenDate                         // 2025-05-20, 20-may-2025, and names with punctuation such as europe/berlin
	tokenTime                         // 14:30:00.5
	tokenOffset                       // +02:00
	tokenWord                         // may, bc, t, utc
	tokenSpecial                      // a word with a sign: -infinity
)

// dateTokens cuts a text where PostgreSQL does. Punctuation that has no meaning only separates.
func dateTokens(s string) ([]dateToken, bool) {
	var tokens []dateToken
	s = strings.ToLower(s)
	for i := 0; i < len(s); {
		c := s[i]
		kind, end := tokenNumber, i
		switch {
		case blank(c):
			i++
			continue
		case isDigit(c):
			kind, end = numericToken(s, i)
		case c == '.':
			end = skip(s, i+1, isDigit)
		case isLetter(c):
			kind, end = wordToken(s, i)
		case c == '-' || c == '+':
			first := skip(s, i+1, blank)
			switch {
			case first < len(s) && isDigit(s[first]):
				kind, end = tokenOffset, skip(s, first, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' || c == '-' })
			case first < len(s) && isLetter(s[first]):
				kind, end = tokenSpecial, skip(s, first, isLetter)
			default:
				return nil, false
			}
			tokens = append(tokens, dateToken{kind, s[i:i+1] + s[first:end]})
			i = end
			continue
		case c > ' ' && c < 0x7f:
			i++
			continue
		default:
			return nil, false
		}
		tokens = append(tokens, dateToken{kind, s[i:end]})
		i = end
	}
	return tokens, true
}

// numericToken finds what begins with a digit at start.
func numericToken(s string, start int) (dateTokenKind, int) {
	i := skip(s, start, isDigit)
	if i == len(s) {
		return tokenNumber, i
	}
	delimiter := s[i]
	switch delimiter {
	case ':':
		return tokenTime, skip(s, i, func(c byte) bool { return isDigit(c) || c == ':' || c == '.' })
	case '-', '/', '.':
	default:
		return tokenNumber, i
	}
	orDelimiter := func(accept func(byte) bool) func(byte) bool {
		return func(c byte) bool { return accept(c) || c == delimiter }
	}
	i++
	if i == len(s) || !isDigit(s[i]) {
		return tokenDate, skip(s, i, orDelimiter(isAlphanumeric))
	}
	i = skip(s, i, isDigit)
	if i < len(s) && s[i] == delimiter {
		return tokenDate, skip(s, i, orDelimiter(isDigit))
	}
	if delimiter == '.' {
		return tokenNumber, i
	}
	return tokenDate, i
}

// wordToken finds what begins with a letter at start. Digits and signs belong to it where the letters alone mean nothing.
func wordToken(s string, start int) (dateTokenKind, int) {
	i := skip(s, start, isLetter)
	if i == len(s) {
		return tokenWord, i
	}
	joined := s[i] == '-' || s[i] == '/' || s[i] == '.'
	if s[i] == '+' || isDigit(s[i]) {
		_, known := dateWords[s[start:i]]
		joined = !known
	}
	if !joined {
		return tokenWord, i
	}
	return tokenDate, skip(s, i, func(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("+-/_.:", c) >= 0 })
}

// skip returns the first place from i on whose byte is not accepted.
func skip(s string, i int, accept func(byte) bool) int {
	for i < len(s) && accept(s[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c-'0' <= 9 }

func isAlphanumeric(c byte) bool { return isDigit(c) || isLetter(c) }

// dateWord is what a word means in a date.
type dateWord struct {
	kind  dateWordKind
	value int64
}

type dateWordKind int

const (
	wordIgnored  dateWordKind = iota
	wordMonth                 // value 1..12
	wordWeekday               // read and dropped
	wordMeridiem              // value: hours to add
	wordEra                   // value 1 for BC
	wordUnit                  // names the number that follows; value is a timeField
	wordTimeNext              // the t of ISO 8601
	wordZulu                  // allballs: midnight UTC
	wordInfinity              // value: sign
	wordClock                 // now, today and the like, which are refused
)

// dateWords are PostgreSQL's words; time zone abbreviations are looked up before.
var dateWords = map[string]dateWord{
	"at": {wordIgnored, 0}, "on": {wordIgnored, 0},
	"jan": {wordMonth, 1}, "january": {wordMonth, 1}, "feb": {wordMonth, 2}, "february": {wordMonth, 2},
	"mar": {wordMonth, 3}, "march": {wordMonth, 3}, "apr": {wordMonth, 4}, "april": {wordMonth, 4}, "may": {wordMonth, 5},
	"jun": {wordMonth, 6}, "june": {wordMonth, 6}, "jul": {wordMonth, 7}, "july": {wordMonth, 7},
	"aug": {wordMonth, 8}, "august": {wordMonth, 8}, "sep": {wordMonth, 9}, "sept": {wordMonth, 9}, "september": {wordMonth, 9},
	"oct": {wordMonth, 10}, "october": {wordMonth, 10}, "nov": {wordMonth, 11}, "november": {wordMonth, 11},
	"dec": {wordMonth, 12}, "december": {wordMonth, 12},
	"sun": {wordWeekday, 0}, "sunday": {wordWeekday, 0}, "mon": {wordWeekday, 1}, "monday": {wordWeekday, 1},
	"tue": {wordWeekday, 2}, "tues": {wordWeekday, 2}, "tuesday": {wordWeekday, 2},
	"wed": {wordWeekday, 3}, "wednesday": {wordWeekday, 3}, "weds": {wordWeekday, 3},
	"thu": {wordWeekday, 4}, "thur": {wordWeekday, 4}, "thurs": {wordWeekday, 4}, "thursday": {wordWeekday, 4},
	"fri": {wordWeekday, 5}, "friday": {wordWeekday, 5}, "sat": {wordWeekday, 6}, "saturday": {wordWeekday, 6},
	"am": {wordMeridiem, 0}, "pm": {wordMeridiem, 12}, "ad": {wordEra, 0}, "bc": {wordEra, 1},
	"y": {wordUnit, int64(yearField)}, "m": {wordUnit, int64(monthField)}, "d": {wordUnit, int64(dayField)},
	"h": {wordUnit, int64(hourField)}, "mm": {wordUnit, int64(minuteField)}, "s": {wordUnit, int64(secondField)},
	"j": {wordUnit, int64(julianField)}, "jd": {wordUnit, int64(julianField)}, "julian": {wordUnit, int64(julianField)},
	"t": {wordTimeNext, 0}, "allballs": {wordZulu, 0},
	"infinity": {wordInfinity, 1}, "-infinity": {wordInfinity, -1},
	"now": {wordClock, 0}, "today": {wordClock, 0}, "tomorrow": {wordClock, 0}, "yesterday": {wordClock, 0}, "epoch": {wordClock, 0},
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
