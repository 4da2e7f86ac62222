package types

import (
	"sort"
	"strconv"
	"strings"
)

// kindNames are the names format_type prints, and the ones error messages use.
var kindNames = [...]string{
	Null:        "unknown",
	Bool:        "boolean",
	Int2:        "smallint",
	Int4:        "integer",
	Int8:        "bigint",
	Float4:      "real",
	Float8:      "double precision",
	Numeric:     "numeric",
	Text:        "text",
	Varchar:     "character varying",
	Char:        "character",
	Date:        "date",
	Time:        "time without time zone",
	Timestamp:   "timestamp without time zone",
	Timestamptz: "timestamp with time zone",
	Interval:    "interval",
	UUID:        "uuid",
	Bytea:       "bytea",
	JSON:        "json",
	JSONB:       "jsonb",
	Array:       "array",
	Unavailable: "unavailable",
	Unknown:     "unknown",
}

// String returns the kind's name without modifiers, as PostgreSQL spells it in messages.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// String returns the type as PostgreSQL's format_type prints it: "numeric(12,2)", "timestamp with time zone".
func (t Type) String() string {
	if t.Alias != NoAlias && t.Kind != Array {
		return t.Alias.String()
	}
	switch t.Kind {
	case Array:
		return t.ElemType().String() + "[]"
	case Varchar:
		if t.Len > 0 {
			return "character varying(" + strconv.Itoa(int(t.Len)) + ")"
		}
	case Char:
		if t.Len == 0 {
			return "bpchar" // "character" alone would mean character(1)
		}
		return "character(" + strconv.Itoa(int(t.Len)) + ")"
	case Numeric:
		if t.Precision > 0 {
			return "numeric(" + strconv.Itoa(int(t.Precision)) + "," + strconv.Itoa(int(t.Scale)) + ")"
		}
	case Time, Timestamp, Timestamptz, Interval:
		if t.Precision > 0 {
			name, rest, _ := strings.Cut(t.Kind.String(), " ")
			if rest != "" {
				rest = " " + rest
			}
			return name + "(" + strconv.Itoa(t.fraction()) + ")" + rest
		}
	}
	return t.Kind.String()
}

// ElemType returns the type of an array's elements: the modifiers of an array type are those of its elements.
func (t Type) ElemType() Type {
	t.Kind, t.Elem = t.Elem, Null
	return t
}

// ArrayOf returns the type of arrays of elem.
func ArrayOf(elem Type) Type {
	elem.Kind, elem.Elem = Array, elem.Kind
	return elem
}

// fraction returns how many digits of a second a temporal type keeps. Precision holds that number plus one, so
// that 0 stays "not declared", which keeps all six.
func (t Type) fraction() int {
	if t.Precision == 0 {
		return 6
	}
	return int(t.Precision) - 1
}

// typeNames maps every spelling, lower case and single-spaced, to its kind.
var typeNames = map[string]Kind{
	"boolean": Bool, "bool": Bool,
	"smallint": Int2, "int2": Int2,
	"integer": Int4, "int": Int4, "int4": Int4,
	"bigint": Int8, "int8": Int8,
	"real": Float4, "float4": Float4,
	"double precision": Float8, "float8": Float8, "float": Float8,
	"numeric": Numeric, "decimal": Numeric, "dec": Numeric,
	"text":    Text,
	"varchar": Varchar, "character varying": Varchar, "char varying": Varchar,
	"char": Char, "character": Char, "bpchar": Char,
	"date": Date,
	"time": Time, "time without time zone": Time,
	"timestamp": Timestamp, "timestamp without time zone": Timestamp,
	"timestamptz": Timestamptz, "timestamp with time zone": Timestamptz,
	"interval": Interval,
	"uuid":     UUID,
	"bytea":    Bytea,
	"json":     JSON,
	"jsonb":    JSONB,
}

// unsupportedTypes are PostgreSQL types that are refused by name, with what to declare instead.
var unsupportedTypes = map[string]string{
	"timetz": "time", "time with time zone": "time",
	"money": "numeric(12,2)", "serial": "integer", "bigserial": "bigint", "smallserial": "smallint",
	"serial4": "integer", "serial8": "bigint", "serial2": "smallint",
	"xml": "text", "citext": "text", "inet": "text", "cidr": "text", "macaddr": "text", "macaddr8": "text",
	"bit": "text", "bit varying": "text", "varbit": "text", "hstore": "jsonb", "tsvector": "text",
	"point": "text", "line": "text", "lseg": "text", "box": "text", "path": "text", "polygon": "text", "circle": "text",
	"int4range": "text", "int8range": "text", "numrange": "text", "tsrange": "text", "tstzrange": "text", "daterange": "text",
}

// ParseType parses a type name with its modifiers, as in CREATE TABLE ("NUMERIC(12,2)", "text[]"), any case.
func ParseType(s string) (Type, error) {
	name, mods, dims, err := splitTypeName(s)
	if err != nil {
		return Type{}, err
	}
	if alias, ok := aliasesByName[name]; ok && len(mods) == 0 {
		t := AliasOf(alias)
		if dims {
			t = ArrayOf(t)
		}
		return t, nil
	}
	kind, ok := typeNames[name]
	if !ok {
		return Type{}, unknownType(name)
	}
	t, err := withModifiers(kind, name, mods)
	if err != nil || !dims {
		return t, err
	}
	return ArrayOf(t), nil
}

// splitTypeName cuts "timestamp (3) with time zone[]" into "timestamp with time zone", ["3"] and true.
func splitTypeName(s string) (name string, mods []string, array bool, err error) {
	rest := strings.ToLower(strings.TrimSpace(s))
	rest = strings.TrimSpace(strings.TrimPrefix(rest, "pg_catalog."))
	for {
		cut, ok := cutDimension(rest)
		if !ok {
			break
		}
		rest, array = cut, true
	}
	if open := strings.IndexByte(rest, '('); open >= 0 {
		end := strings.IndexByte(rest, ')')
		if end < open {
			return "", nil, false, Errorf(CodeSyntax, "unbalanced parentheses in type name %q", s)
		}
		mods = strings.Split(rest[open+1:end], ",")
		rest = rest[:open] + " " + rest[end+1:]
	}
	name = strings.Join(strings.Fields(rest), " ")
	if name == "" {
		return "", nil, false, Errorf(CodeSyntax, "type name is missing").WithHint("Write a type such as text, bigint or numeric(12,2).")
	}
	return name, mods, array, nil
}

// cutDimension cuts one trailing "[]", "[3]" or " array" from a type name. PostgreSQL ignores the numbers, too.
func cutDimension(s string) (string, bool) {
	if cut, ok := strings.CutSuffix(s, " array"); ok {
		return strings.TrimSpace(cut), true
	}
	if !strings.HasSuffix(s, "]") {
		return s, false
	}
	open := strings.LastIndexByte(s, '[')
	if open < 0 {
		return s, false
	}
	if bound := strings.TrimSpace(s[open+1 : len(s)-1]); bound != "" {
		if _, err := strconv.ParseUint(bound, 10, 31); err != nil {
			return s, false
		}
	}
	return strings.TrimSpace(s[:open]), true
}

func withModifiers(kind Kind, name string, mods []string) (Type, error) {
	t := Type{Kind: kind}
	if kind == Char && len(mods) == 0 && name != "bpchar" {
		t.Len = 1
	}
	if len(mods) == 0 {
		return t, nil
	}
	n := make([]int, len(mods))
	for i, m := range mods {
		v, err := strconv.Atoi(strings.TrimSpace(m))
		if err != nil {
			return t, Errorf(CodeInvalidText, "invalid input syntax for type integer: \"%s\"", strings.TrimSpace(m)).
				WithHint("The modifiers of %s are whole numbers.", name)
		}
		n[i] = v
	}
	switch {
	case kind == Numeric && len(n) <= 2:
		return numericType(n)
	case (kind == Varchar || kind == Char) && len(n) == 1:
		return lengthType(kind, n[0])
	case (kind == Time || kind == Timestamp || kind == Timestamptz || kind == Interval) && len(n) == 1:
		return fractionType(kind, n[0])
	case name == "float" && len(n) == 1:
		return floatType(n[0])
	case kind == Numeric:
		return t, Errorf(CodeInvalidParameter, "invalid NUMERIC type modifier")
	}
	return t, Errorf(CodeSyntax, "type modifier is not allowed for type \"%s\"", name)
}

func numericType(n []int) (Type, error) {
	t := Type{Kind: Numeric}
	if n[0] < 1 || n[0] > 1000 {
		return t, Errorf(CodeInvalidParameter, "NUMERIC precision %d must be between 1 and 1000", n[0])
	}
	t.Precision = int16(n[0])
	if len(n) == 2 {
		if n[1] < -1000 || n[1] > 1000 {
			return t, Errorf(CodeInvalidParameter, "NUMERIC scale %d must be between -1000 and 1000", n[1])
		}
		t.Scale = int16(n[1])
	}
	return t, nil
}

// maxCharLen is PostgreSQL's MaxAttrSize.
const maxCharLen = 10485760

func lengthType(kind Kind, n int) (Type, error) {
	short := "varchar"
	if kind == Char {
		short = "char"
	}
	if n < 1 {
		return Type{}, Errorf(CodeInvalidParameter, "length for type %s must be at least 1", short)
	}
	if n > maxCharLen {
		return Type{}, Errorf(CodeInvalidParameter, "length for type %s cannot exceed %d", short, maxCharLen)
	}
	return Type{Kind: kind, Len: int32(n)}, nil
}

func fractionType(kind Kind, n int) (Type, error) {
	if n < 0 || n > 6 {
		return Type{}, Errorf(CodeInvalidParameter, "%s precision %d must be between 0 and 6", strings.ToUpper(kind.String()), n)
	}
	return Type{Kind: kind, Precision: int16(n) + 1}, nil
}

func floatType(n int) (Type, error) {
	switch {
	case n < 1:
		return Type{}, Errorf(CodeInvalidParameter, "precision for type float must be at least 1 bit")
	case n <= 24:
		return Type{Kind: Float4}, nil
	case n <= 53:
		return Type{Kind: Float8}, nil
	}
	return Type{}, Errorf(CodeInvalidParameter, "precision for type float must be less than 54 bits")
}

func unknownType(name string) error {
	if instead, ok := unsupportedTypes[name]; ok {
		return Errorf(CodeNotSupported, "type %s is not supported", name).WithHint("Declare the column as %s.", instead)
	}
	if strings.HasPrefix(name, "interval ") {
		return Errorf(CodeNotSupported, "interval fields are not supported: %q", name).WithHint("Declare the column as interval.")
	}
	e := Errorf(CodeUndefinedObject, "type \"%s\" does not exist", name)
	if near := nearTypes(name); len(near) > 0 {
		return e.WithHint("Did you mean %s?", strings.Join(near, " or "))
	}
	return e.WithHint("Types are %s, and arrays of them.", "smallint, integer, bigint, real, double precision, numeric, boolean, text, varchar(n), "+
		"char(n), date, time, timestamp, timestamptz, interval, uuid, bytea, json, jsonb")
}

// nearTypes returns the type names at most two edits away, nearest first.
func nearTypes(name string) []string {
	const most = 2
	byDistance := map[int][]string{}
	for known := range typeNames {
		if d := editDistance(name, known); d <= most && d < len(name) {
			byDistance[d] = append(byDistance[d], known)
		}
	}
	for d := 1; d <= most; d++ {
		if near := byDistance[d]; len(near) > 0 {
			sort.Strings(near)
			return near
		}
	}
	return nil
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
