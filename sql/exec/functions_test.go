package exec

import (
	"regexp"
	"strings"
)

// made are the functions, operators and casts that make a value of a kind, with the kinds of their operands. None of them makes values that are equal and
// print differently: numerics keep two places, a float has no negative zero, an interval is either of months, of days or of hours.
var made = map[string][]string{
	"int2": {"abs({int2})", "mod({int2}, 3::int2)", "({int4} % 5)::int2", "{bool}::int::int2"},
	"int4": {
		"length({text})", "length({varchar})", "length({char})", "position({text} IN {text})", "abs({int4})", "({int4} % 3)", "({int4} / 2)", "({int2} * {int4})",
		"({date} - {date})", "extract(day FROM {date})::int4", "extract(hour FROM {timestamp})::int4", "date_part('isodow', {timestamptz})::int4", "({ints})[1]", "({ints})[{int4}]",
		"{bool}::int4", "{numeric}::int4", "{float8}::int4", "{int8}::int4", "sign({float8})::int4",
	},
	"int8": {"{int4}::int8", "abs({int8})", "({int8} % 4)", "({int4} + {int8})", "({int2} - {int8})", "round({numeric})::int8", "{float4}::int8", "(- {int8})"},
	"numeric": {
		"abs({numeric})::numeric(8,2)", "round({numeric}, 1)::numeric(8,2)", "ceil({numeric})::numeric(8,2)", "floor({numeric})::numeric(8,2)", "trunc({numeric}, 1)::numeric(8,2)",
		"({numeric} * {int4})::numeric(8,2)", "({numeric} / 4)::numeric(8,2)", "div({numeric}, 2.0)::numeric(8,2)", "mod({numeric}, 2)::numeric(8,2)", "({numeric} % 1.5)::numeric(8,2)",
		"sqrt(abs({numeric}))::numeric(8,2)", "power({numeric}, 2)::numeric(8,2)", "sign({numeric})::numeric(8,2)", "ln(abs({numeric}) + 1)::numeric(8,2)",
		"log(abs({numeric}) + 1)::numeric(8,2)", "{int8}::numeric(8,2)", "{float8}::numeric(8,2)", "extract(hour FROM {time})::numeric(8,2)", "({numeric} - {int2})::numeric(8,2)",
	},
	"float8": {
		"abs({float8})", "sqrt(abs({float8}))", "(floor({float8}) + 0)", "(ceil({float8}) + 0)", "(round({float8}) + 0)", "(trunc({float8}) + 0)", "sign({float8} + 0)",
		"power({float8}, 2)", "{int4}::float8", "{numeric}::float8", "{float4}::float8", "date_part('hour', {timestamp})", "({float8} * 0.5 + 0)", "({float8} - {int4})", "({float4} + {float8})",
	},
	"float4": {"abs({float4})", "({float4} + {float4})", "{int2}::float4", "({float8} * 0 + 1.5)::float4"},
	"text": {
		"upper({text})", "lower({text})", "initcap({text})", "reverse({text})", "trim({text})", "trim(BOTH 'a' FROM {text})", "trim(LEADING 'b' FROM {text})", "replace({text}, 'a', {text})",
		"concat({text}, {int4}, {date})", "concat_ws('-', {text}, {bool}, {numeric})", "left({text}, {int4})", "right({text}, {int4})", "lpad({text}, 4, 'xy')", "rpad({text}, {int4})",
		"substring({text} FROM 2)", "substr({text}, {int4}, 2)", "split_part({text}, 'b', 1)", "repeat({text}, {int4} % 4)", "({text} || {int8})", "({float8} || {text})", "({char} || {text})",
		"upper({char})", "lower({varchar})", "{int4}::text", "{numeric}::text", "{float8}::text", "{float4}::text", "{bool}::text", "{date}::text", "{time}::text", "{timestamp}::text",
		"{timestamptz}::text", "{interval}::text", "{uuid}::text", "{bytea}::text", "{ints}::text", "{char}::text", "{varchar}::text",
	},
	"varchar": {"left({text}, 2)::varchar(3)", "{text}::varchar(3)", "{int4}::varchar(3)", "{char}::varchar(3)"},
	"char":    {"{text}::char(2)", "{int4}::char(2)", "{varchar}::char(2)"},
	"bool": {
		"({text} LIKE 'a%')", "({text} NOT LIKE '%b')", "({text} ILIKE '_B')", "({varchar} LIKE {text})", "({bool} AND {bool})", "({bool} OR {bool})", "(NOT {bool})", "({bool} IS TRUE)",
		"({bool} IS NOT FALSE)", "({bool} IS UNKNOWN)", "({date} < {timestamp})", "({timestamp} <= {timestamptz})", "({date} = {timestamptz})", "({int4} = {float8})", "({int8} < {numeric})",
		"({numeric} >= {float8})", "({int2} <> {int8})", "({float4} > {int4})", "({varchar} = {text})", "({char} = {text})", "({int4} = ANY (COALESCE({ints}, {ints})))", "({int4} <> ALL (NULLIF({ints}, {ints})))",
		"{int4}::bool", "({int4} NOT BETWEEN {int2} AND {int8})", "(({int4}, {text}) IS NOT DISTINCT FROM ({int4}, {text}))",
	},
	"date": {"({date} + {int4} % 5)", "({date} - 1)", "{timestamp}::date", "{timestamptz}::date", "date_trunc('month', {timestamp})::date"},
	"time": {"{timestamp}::time", "({time} + INTERVAL '90 minutes')", "({time} - {interval})", "{interval}::time", "{timestamptz}::time"},
	"timestamp": {
		"date_trunc('day', {timestamp})", "date_trunc('week', {timestamp})", "({date} + {time})", "({timestamptz} AT TIME ZONE 'America/New_York')", "({timestamp} + {interval})",
		"({date} - {interval})", "{date}::timestamp", "{timestamptz}::timestamp", "date_bin('8 hours', {timestamp}, TIMESTAMP '2025-01-01 01:00')",
	},
	"timestamptz": {
		"({timestamp} AT TIME ZONE 'Europe/Berlin')", "date_trunc('hour', {timestamptz})", "date_trunc('day', {timestamptz}, 'Asia/Kolkata')",
		"date_bin('36 hours', {timestamptz}, TIMESTAMPTZ '2025-01-01 00:00+00')", "({timestamptz} - {interval})", "{timestamp}::timestamptz", "{date}::timestamptz", "to_timestamp({float8} * 3600)",
	},
	"interval": {"({time} - {time})", "make_interval(0, 0, 0, 0, {int4} % 5)"},
	"ints":     {"ARRAY[{int4}, {int4}]", "ARRAY[{int2}]::int4[]"},
}

// ofAny make a value of any kind of others of that kind.
var ofAny = []string{"GREATEST(@, @)", "LEAST(@, @)", "NULLIF(@, @)", "CASE @ WHEN @ THEN @ END"}

var operand = regexp.MustCompile(`\{(\w+)\}`)

// function is a call, an operator or a cast that makes a value of a kind.
func (g *queryMaker) function(kind string, depth int, s sight) *tree {
	if len(made[kind]) == 0 || g.chance(5) {
		format := g.pick(ofAny...)
		parts := make([]*tree, strings.Count(format, "@"))
		for i := range parts {
			parts[i] = g.expr(kind, depth, s)
		}
		return form(kind, format, parts...)
	}
	format := g.pick(made[kind]...)
	var parts []*tree
	for _, m := range operand.FindAllStringSubmatch(format, -1) {
		parts = append(parts, g.expr(m[1], depth, s))
	}
	return form(kind, operand.ReplaceAllString(format, "@"), parts...)
}
