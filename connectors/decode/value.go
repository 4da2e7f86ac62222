package decode

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/asofdb/asof/sql/types"
)

// column is a declared column of the source.
type column struct {
	name    string
	typ     types.Type
	notNull bool
	key     bool
}

func columnsOf(schema types.Schema, key []int) []column {
	columns := make([]column, len(schema))
	for i, c := range schema {
		columns[i] = column{name: c.Name, typ: c.Type, notNull: c.NotNull}
	}
	for _, i := range key {
		columns[i].key = true
	}
	return columns
}

// values reads the values of change records: what a source's options say about them, and the memory they go to.
type values struct {
	options
	arena        arena
	decimalShape *shape
	scratch      []byte // of the value being read
}

func newValues(o options) values {
	return values{options: o, decimalShape: newShape("scale", "value")}
}

// value reads t, which is not null and encoded as e says, as a value of type typ. It returns Unavailable where t is the
// placeholder of a value that the connector did not have.
func (d *values) value(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	if d.placeholder.is(t) {
		return types.Value{Kind: types.Unavailable}, nil
	}
	return d.read(c, typ, e, t)
}

// read is value for what is no placeholder.
func (d *values) read(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch typ.Kind {
	case types.Int2, types.Int4, types.Int8:
		return d.integer(c, typ, e, t)
	case types.Text, types.Varchar, types.Char:
		return d.text(c, typ, e, t)
	case types.Numeric:
		return d.numeric(c, typ, e, t)
	case types.Timestamp, types.Timestamptz:
		return d.timestamp(c, typ, e, t)
	case types.Bool:
		return d.boolean(c, typ, e, t)
	case types.Float4, types.Float8:
		return d.float(c, typ, e, t)
	case types.Date:
		return d.date(c, typ, e, t)
	case types.Time:
		return d.timeOfDay(c, typ, e, t)
	case types.Interval:
		return d.interval(c, typ, e, t)
	case types.UUID:
		return d.uuid(c, typ, e, t)
	case types.Bytea:
		return d.bytea(c, typ, e, t)
	case types.JSON, types.JSONB:
		return d.json(c, typ, t)
	case types.Array:
		return d.array(c, typ, e, t)
	}
	return types.Value{}, c.wrongType(typ, e, t)
}

// string returns what a string token stands for. It is the record's own bytes unless they hold escape sequences.
func (d *values) string(c *column, typ types.Type, t token) (string, error) {
	if !t.escaped {
		return text(t.raw), nil
	}
	s, ok := unescape(d.arena.room(len(t.raw)), t.raw)
	if !ok {
		return "", c.reject(types.CodeBadUTF8, typ, t, "has half of a surrogate pair")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return "", c.reject(types.CodeBadUTF8, typ, t, "has a NUL character, which no text holds")
	}
	return s, nil
}

func (d *values) integer(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	n, ok := int64(0), false
	if t.kind == numberToken {
		n, ok = parseInt(t.raw)
	}
	if !ok {
		// 5.0 and 1e3 are integers too, and a numeric(p,0) may be declared as one.
		if t.kind != numberToken && e.form != decimalForm && e.form != variableDecimalForm {
			return types.Value{}, c.wrongType(typ, e, t)
		}
		v, err := d.decimal(c, typ, e, t)
		if err != nil {
			return v, err
		}
		if n, ok = integral(v); !ok {
			return v, c.reject(types.CodeOutOfRange, typ, t, "is no integer of this type's range")
		}
	}
	if typ.Kind == types.Int4 && n != int64(int32(n)) || typ.Kind == types.Int2 && n != int64(int16(n)) {
		return types.Value{}, c.outOfRange(types.CodeOutOfRange, typ, t)
	}
	return types.NewInt(typ.Kind, n), nil
}

func (d *values) boolean(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch {
	case t.kind == trueToken, t.kind == numberToken && string(t.raw) == "1": // MySQL's tinyint(1)
		return types.NewBool(true), nil
	case t.kind == falseToken, t.kind == numberToken && string(t.raw) == "0":
		return types.NewBool(false), nil
	}
	return types.Value{}, c.wrongType(typ, e, t)
}

func (d *values) float(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	f, bits := 0.0, 64
	if typ.Kind == types.Float4 {
		bits = 32
	}
	switch {
	case t.kind == numberToken:
		var err error
		if f, err = strconv.ParseFloat(text(t.raw), bits); err != nil || f == 0 && hasDigits(t.raw) {
			return types.Value{}, c.outOfRange(types.CodeOutOfRange, typ, t)
		}
	case t.kind != stringToken:
		return types.Value{}, c.wrongType(typ, e, t)
	default:
		switch text(t.raw) {
		case "NaN":
			f = math.NaN()
		case "Infinity":
			f = math.Inf(1)
		case "-Infinity":
			f = math.Inf(-1)
		default:
			return types.Value{}, c.wrongType(typ, e, t)
		}
	}
	if typ.Kind == types.Float4 {
		return types.NewFloat4(float32(f)), nil
	}
	return types.NewFloat8(f), nil
}

// hasDigits reports whether a number has a digit other than 0 before its exponent: read as zero, it was too small.
func hasDigits(b []byte) bool {
	for _, c := range b {
		switch {
		case c|0x20 == 'e':
			return false
		case c >= '1' && c <= '9':
			return true
		}
	}
	return false
}

// text reads a TEXT, VARCHAR(n) or CHAR(n): a string, or the compact text of a struct or map (a point, an hstore) for which
// there is no type.
func (d *values) text(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	var s string
	switch t.kind {
	case stringToken:
		switch e.form {
		case bytesForm, decimalForm:
			return types.Value{}, c.wrongType(typ, e, t)
		}
		var err error
		if s, err = d.string(c, typ, t); err != nil {
			return types.Value{}, err
		}
	case objectToken:
		s = d.compact(t.raw)
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	return c.textValue(typ, t, s)
}

// textValue checks the length of s.
func (c *column) textValue(typ types.Type, t token, s string) (types.Value, error) {
	v := types.Value{Kind: typ.Kind, S: s}
	if typ.Len == 0 || typ.Kind == types.Varchar && len(s) <= int(typ.Len) {
		return v, nil
	}
	if n := utf8.RuneCountInString(s); n == int(typ.Len) || n < int(typ.Len) && typ.Kind == types.Varchar {
		return v, nil
	}
	v, err := types.Coerce(v, typ) // pads a CHAR, and drops blanks behind the last character that fits
	if err != nil {
		return v, c.reject(types.CodeStringTooLong, typ, t, "is too long")
	}
	return v, nil
}

// json reads JSON and JSONB: a string that holds the document, as Debezium writes it, or the document itself.
func (d *values) json(c *column, typ types.Type, t token) (types.Value, error) {
	if t.kind != stringToken {
		return types.Value{Kind: typ.Kind, S: d.compact(t.raw)}, nil
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	doc := scanner{b: bytesOf(s)}
	if !doc.skip() || !doc.end() {
		return types.Value{}, c.misspelled(types.CodeInvalidText, typ, t)
	}
	return types.Value{Kind: typ.Kind, S: s}, nil
}

// compact returns valid JSON without the blanks between its parts.
func (d *values) compact(raw []byte) string {
	blank := false
	for _, c := range raw {
		blank = blank || c <= ' '
	}
	if !blank {
		return text(raw)
	}
	out := d.arena.room(len(raw))
	inString := false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			out = append(out, c, raw[i+1])
			i++
			continue
		case c == '"':
			inString = !inString
		case !inString && c <= ' ':
			continue
		}
		out = append(out, raw[i])
	}
	return text(out)
}

func (d *values) array(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	switch t.kind {
	case stringToken:
		return d.arrayText(c, typ, e, t)
	case arrayToken:
	default:
		return types.Value{}, c.wrongType(typ, e, t)
	}
	elemType, elemEncoding := typ.ElemType(), e.element()
	tokens := elements(t)
	if len(tokens) == 1 && d.placeholder.is(tokens[0]) {
		return types.Value{Kind: types.Unavailable}, nil
	}
	elems := make([]types.Value, len(tokens))
	for i, elem := range tokens {
		if elem.kind == nullToken {
			continue
		}
		var err error
		if elems[i], err = d.read(c, elemType, elemEncoding, elem); err != nil {
			return types.Value{}, err
		}
	}
	if d.placeholder.isNumbers(elems) {
		return types.Value{Kind: types.Unavailable}, nil
	}
	return types.Value{Kind: types.Array, X: elems}, nil
}

// elements returns the elements of an array, which is valid.
func elements(t token) []token {
	var tokens []token
	s := scanner{b: t.raw, i: 1}
	for s.peek() != ']' {
		elem, _ := s.value(maxDepth)
		tokens = append(tokens, elem)
		if s.peek() == ',' {
			s.i++
		}
	}
	return tokens
}

// arrayText reads PostgreSQL's text of an array, {1,2}.
func (d *values) arrayText(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	if !strings.HasPrefix(s, "{") {
		return types.Value{}, c.wrongType(typ, e, t)
	}
	v, err := types.Parse(typ, s)
	if err != nil {
		return v, c.misspelled(types.CodeInvalidText, typ, t)
	}
	return v, nil
}

func (d *values) uuid(c *column, typ types.Type, e *encoding, t token) (types.Value, error) {
	if t.kind != stringToken {
		return types.Value{}, c.wrongType(typ, e, t)
	}
	s, err := d.string(c, typ, t)
	if err != nil {
		return types.Value{}, err
	}
	v, err := types.Parse(typ, s)
	if err != nil {
		return v, c.misspelled(types.CodeInvalidText, typ, t)
	}
	return v, nil
}
