package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// comparisonOperators list the pairs of types that are compared as they are. Each is a row for all of = <> < <= > >=.
var comparisonOperators = comparisonRows()

func comparisonRows() []function {
	families := [][]types.Type{
		{boolean},
		{bytea},
		{int2, int4, int8},
		{text},
		{float4, float8},
		{bpchar},
		{date, timestamp, timestamptz},
		{clock},
		{interval},
		{numeric},
		{uuid},
		{jsonb},
		{anyArray},
	}
	var rows []function
	for op := range hitsOf {
		for _, family := range families {
			for _, l := range family {
				for _, r := range family {
					rows = append(rows, function{name: op, args: sig(l, r), result: boolean})
				}
			}
		}
	}
	return rows
}

var textOperators = []function{
	{name: "||", args: sig(text, text), result: text, two: concatTexts},
	{name: "||", args: sig(text, anyNonArray), result: text, two: concatTexts},
	{name: "||", args: sig(anyNonArray, text), result: text, two: concatTexts},
	{name: "||", args: sig(bytea, bytea), result: bytea, two: concatBytes},
	{name: "||", args: sig(likeArray, likeArray), result: likeArray, two: concatArrays, lax: true},
	{name: "||", args: sig(likeArray, likeElement), result: likeArray, two: appendElement, lax: true},
	{name: "||", args: sig(likeElement, likeArray), result: likeArray, two: prependElement, lax: true},
	{name: "~~", args: sig(text, text), result: boolean},
	{name: "~~", args: sig(bpchar, text), result: boolean},
	{name: "~~", args: sig(bytea, bytea), result: boolean},
	{name: "~~*", args: sig(text, text), result: boolean},
	{name: "~~*", args: sig(bpchar, text), result: boolean},
}

var textFunctions = []function{
	{name: "lower", args: sig(text), result: text, one: mapText(lowerCase)},
	{name: "upper", args: sig(text), result: text, one: mapText(upperCase)},
	{name: "initcap", args: sig(text), result: text, one: mapText(initCap)},
	{name: "reverse", args: sig(text), result: text, one: mapText(reverse)},
	{name: "length", args: sig(text), result: int4, one: measure(utf8.RuneCountInString)},
	{name: "length", args: sig(bpchar), result: int4, one: measure(charLength)},
	{name: "length", args: sig(bytea), result: int4, one: measure(byteLength)},
	{name: "char_length", args: sig(text), result: int4, one: measure(utf8.RuneCountInString)},
	{name: "char_length", args: sig(bpchar), result: int4, one: measure(charLength)},
	{name: "octet_length", args: sig(text), result: int4, one: measure(byteLength)},
	{name: "octet_length", args: sig(bpchar), result: int4, one: measure(byteLength)},
	{name: "octet_length", args: sig(bytea), result: int4, one: measure(byteLength)},
	{name: "substr", args: sig(text, int4), result: text, two: substrFrom},
	{name: "substr", args: sig(text, int4, int4), result: text, many: substrFor},
	{name: "substr", args: sig(bytea, int4), result: bytea, two: subBytesFrom},
	{name: "substr", args: sig(bytea, int4, int4), result: bytea, many: subBytesFor},
	{name: "substring", args: sig(text, int4), result: text, two: substrFrom},
	{name: "substring", args: sig(text, int4, int4), result: text, many: substrFor},
	{name: "substring", args: sig(bytea, int4), result: bytea, two: subBytesFrom},
	{name: "substring", args: sig(bytea, int4, int4), result: bytea, many: subBytesFor},
	{name: "overlay", args: sig(text, text, int4), result: text, many: overlay},
	{name: "overlay", args: sig(text, text, int4, int4), result: text, many: overlay},
	{name: "strpos", args: sig(text, text), result: int4, two: strpos},
	{name: "starts_with", args: sig(text, text), result: boolean, two: startsWith},
	{name: "btrim", args: sig(text), result: text, one: mapText(trimBlanks(true, true))},
	{name: "ltrim", args: sig(text), result: text, one: mapText(trimBlanks(true, false))},
	{name: "rtrim", args: sig(text), result: text, one: mapText(trimBlanks(false, true))},
	{name: "btrim", args: sig(text, text), result: text, two: trimSet(true, true)},
	{name: "ltrim", args: sig(text, text), result: text, two: trimSet(true, false)},
	{name: "rtrim", args: sig(text, text), result: text, two: trimSet(false, true)},
	{name: "replace", args: sig(text, text, text), result: text, many: replaceText},
	{name: "left", args: sig(text, int4), result: text, two: leftText},
	{name: "right", args: sig(text, int4), result: text, two: rightText},
	{name: "lpad", args: sig(text, int4), result: text, many: pad(true)},
	{name: "lpad", args: sig(text, int4, text), result: text, many: pad(true)},
	{name: "rpad", args: sig(text, int4), result: text, many: pad(false)},
	{name: "rpad", args: sig(text, int4, text), result: text, many: pad(false)},
	{name: "repeat", args: sig(text, int4), result: text, two: repeatText},
	{name: "split_part", args: sig(text, text, int4), result: text, many: splitPart},
	{name: "concat", args: sig(anything), result: text, many: concat, lax: true, variadic: true, zoned: true},
	{name: "concat_ws", args: sig(text, anything), result: text, many: concatWithSeparator, lax: true, variadic: true, zoned: true},
}

// maxText is PostgreSQL's MaxAllocSize: what would be longer is refused.
const maxText = 0x3fffffff

func tooLong() error { return types.Errorf("54000", "requested length too large") }

func mapText(f func(string) string) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) { return types.NewText(f(a.S)), nil }
}

func measure(f func(string) int) func(*Env, types.Value) (types.Value, error) {
	return func(_ *Env, a types.Value) (types.Value, error) { return types.NewInt(types.Int4, int64(f(a.S))), nil }
}

func byteLength(s string) int { return len(s) }

// charLength does not count the blanks that pad a CHAR(n).
func charLength(s string) int { return utf8.RuneCountInString(strings.TrimRight(s, " ")) }

// lowerCase and upperCase map character by character, as the C library does: no special cases of one to many.
func lowerCase(s string) string { return strings.Map(unicode.ToLower, s) }

func upperCase(s string) string { return strings.Map(unicode.ToUpper, s) }

func initCap(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		first := !inWord
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
		if first {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func reverse(s string) string {
	b := make([]byte, len(s))
	end := len(s)
	for _, r := range s {
		end -= utf8.RuneLen(r)
		utf8.EncodeRune(b[end:], r)
	}
	return string(b)
}

func concatTexts(_ *Env, a, b types.Value) (types.Value, error) { return types.NewText(a.S + b.S), nil }

func concatBytes(_ *Env, a, b types.Value) (types.Value, error) {
	return types.NewBytea(a.S + b.S), nil
}

// offsetOf returns the byte offset of character n (from 0), the end of s where it has fewer.
func offsetOf(s string, n int64) int {
	if n >= int64(len(s)) {
		return len(s)
	}
	off := 0
	for ; n > 0 && off < len(s); n-- {
		off += charLen(s[off:], false)
	}
	return off
}

func substrFrom(_ *Env, s, from types.Value) (types.Value, error) {
	return types.NewText(s.S[offsetOf(s.S, from.I-1):]), nil
}

// substrFor cuts the characters from position from (which may lie before the text) up to from + n.
func substrFor(_ *Env, a []types.Value) (types.Value, error) {
	s, from, n := a[0].S, a[1].I, a[2].I
	if n < 0 {
		return types.Value{}, types.Errorf("22011", "negative substring length not allowed")
	}
	start := offsetOf(s, from-1)
	end := offsetOf(s, from-1+n)
	return types.NewText(s[start:max(start, end)]), nil
}

func subBytesFrom(_ *Env, s, from types.Value) (types.Value, error) {
	return types.NewBytea(s.S[byteOffset(s.S, from.I-1):]), nil
}

func subBytesFor(_ *Env, a []types.Value) (types.Value, error) {
	s, from, n := a[0].S, a[1].I, a[2].I
	if n < 0 {
		return types.Value{}, types.Errorf("22011", "negative substring length not allowed")
	}
	start, end := byteOffset(s, from-1), byteOffset(s, from-1+n)
	return types.NewBytea(s[start:max(start, end)]), nil
}

func byteOffset(s string, n int64) int { return int(min(max(n, 0), int64(len(s)))) }

// overlay replaces n characters from a position by another text; n is that text's length where it is not given.
func overlay(_ *Env, a []types.Value) (types.Value, error) {
	s, by, from := a[0].S, a[1].S, a[2].I
	n := int64(utf8.RuneCountInString(by))
	if len(a) == 4 {
		n = a[3].I
	}
	if from <= 0 {
		return types.Value{}, types.Errorf("22011", "negative substring length not allowed")
	}
	after := from + n
	if after > 1<<31-1 || after < -1<<31 {
		return types.Value{}, types.Errorf(types.CodeOutOfRange, "integer out of range")
	}
	return types.NewText(s[:offsetOf(s, from-1)] + by + s[offsetOf(s, after-1):]), nil
}

func strpos(_ *Env, s, part types.Value) (types.Value, error) {
	i := strings.Index(s.S, part.S)
	if i < 0 {
		return types.NewInt(types.Int4, 0), nil
	}
	return types.NewInt(types.Int4, int64(utf8.RuneCountInString(s.S[:i]))+1), nil
}

func startsWith(_ *Env, s, prefix types.Value) (types.Value, error) {
	return types.NewBool(strings.HasPrefix(s.S, prefix.S)), nil
}

func trim(s string, left, right bool, in func(rune) bool) string {
	if left {
		s = strings.TrimLeftFunc(s, in)
	}
	if right {
		s = strings.TrimRightFunc(s, in)
	}
	return s
}

func trimBlanks(left, right bool) func(string) string {
	return func(s string) string { return trim(s, left, right, func(r rune) bool { return r == ' ' }) }
}

func trimSet(left, right bool) func(*Env, types.Value, types.Value) (types.Value, error) {
	return func(_ *Env, s, set types.Value) (types.Value, error) {
		in := func(r rune) bool { return strings.ContainsRune(set.S, r) }
		return types.NewText(trim(s.S, left, right, in)), nil
	}
}

func replaceText(_ *Env, a []types.Value) (types.Value, error) {
	s, from, to := a[0].S, a[1].S, a[2].S
	if from == "" {
		return types.NewText(s), nil
	}
	if n := strings.Count(s, from); n > 0 && len(s)+n*(len(to)-len(from)) > maxText {
		return types.Value{}, tooLong()
	}
	return types.NewText(strings.ReplaceAll(s, from, to)), nil
}

// leftText takes n characters from the left, or all but -n.
func leftText(_ *Env, s, n types.Value) (types.Value, error) {
	keep := n.I
	if keep < 0 {
		keep += int64(utf8.RuneCountInString(s.S))
	}
	return types.NewText(s.S[:offsetOf(s.S, keep)]), nil
}

// rightText takes n characters from the right, or all but -n.
func rightText(_ *Env, s, n types.Value) (types.Value, error) {
	drop := -n.I
	if n.I >= 0 {
		drop = int64(utf8.RuneCountInString(s.S)) - n.I
	}
	return types.NewText(s.S[offsetOf(s.S, drop):]), nil
}

// pad fills or cuts a text to a number of characters; CHAR by CHAR the filling repeats, blanks where none is given.
func pad(left bool) func(*Env, []types.Value) (types.Value, error) {
	return func(_ *Env, a []types.Value) (types.Value, error) {
		s, n, fill := a[0].S, max(a[1].I, 0), " "
		if len(a) == 3 {
			fill = a[2].S
		}
		if n*utf8.UTFMax+4 > maxText {
			return types.Value{}, tooLong()
		}
		missing := int(n) - utf8.RuneCountInString(s)
		if missing <= 0 || fill == "" {
			return types.NewText(s[:offsetOf(s, n)]), nil
		}
		filling := cycle(fill, missing)
		if left {
			return types.NewText(filling + s), nil
		}
		return types.NewText(s + filling), nil
	}
}

// cycle repeats fill up to n characters.
func cycle(fill string, n int) string {
	length := utf8.RuneCountInString(fill)
	whole := strings.Repeat(fill, n/length)
	return whole + fill[:offsetOf(fill, int64(n%length))]
}

func repeatText(_ *Env, s, n types.Value) (types.Value, error) {
	times := max(n.I, 0)
	if times*int64(len(s.S))+4 > maxText {
		return types.Value{}, tooLong()
	}
	return types.NewText(strings.Repeat(s.S, int(times))), nil
}

// splitPart returns field n between separators, counted from the end where n is negative.
func splitPart(_ *Env, a []types.Value) (types.Value, error) {
	s, sep, n := a[0].S, a[1].S, a[2].I
	if n == 0 {
		return types.Value{}, types.Errorf(types.CodeInvalidParameter, "field position must not be zero")
	}
	parts := []string{s}
	if sep != "" && s != "" {
		parts = strings.Split(s, sep)
	}
	if n < 0 {
		n += int64(len(parts)) + 1
	}
	if n < 1 || n > int64(len(parts)) {
		return types.NewText(""), nil
	}
	return types.NewText(parts[n-1]), nil
}

func concat(env *Env, a []types.Value) (types.Value, error) {
	var b []byte
	for _, v := range a {
		if !v.IsNull() {
			b = types.AppendTextIn(b, v, env.Zone)
		}
	}
	return types.NewText(string(b)), nil
}

// concatWithSeparator leaves NULLs out together with their separator; a NULL separator gives NULL.
func concatWithSeparator(env *Env, a []types.Value) (types.Value, error) {
	if a[0].IsNull() {
		return types.Value{}, nil
	}
	var b []byte
	first := true
	for _, v := range a[1:] {
		if v.IsNull() {
			continue
		}
		if !first {
			b = append(b, a[0].S...)
		}
		b = types.AppendTextIn(b, v, env.Zone)
		first = false
	}
	return types.NewText(string(b)), nil
}
