package expr

import (
	"time"

	"github.com/asofdb/asof/sql/types"
)

type operation2 = func(*Env, types.Value, types.Value) (types.Value, error)

var timeOperators = []function{
	{name: "+", args: sig(date, int4), result: date, two: addDays},
	{name: "+", args: sig(int4, date), result: date, two: swapped(addDays)},
	{name: "-", args: sig(date, int4), result: date, two: subDays},
	{name: "-", args: sig(date, date), result: int4, two: plain(types.SubTimes)},
	{name: "+", args: sig(date, clock), result: timestamp, two: plain(types.AddTimeOfDay)},
	{name: "+", args: sig(clock, date), result: timestamp, two: swapped(plain(types.AddTimeOfDay))},
	{name: "+", args: sig(date, interval), result: timestamp, two: addInterval},
	{name: "+", args: sig(interval, date), result: timestamp, two: swapped(addInterval)},
	{name: "-", args: sig(date, interval), result: timestamp, two: subInterval},
	{name: "+", args: sig(clock, interval), result: clock, two: addInterval},
	{name: "+", args: sig(interval, clock), result: clock, two: swapped(addInterval)},
	{name: "-", args: sig(clock, interval), result: clock, two: subInterval},
	{name: "-", args: sig(clock, clock), result: interval, two: plain(types.SubTimes)},
	{name: "+", args: sig(timestamp, interval), result: timestamp, two: addInterval},
	{name: "+", args: sig(interval, timestamp), result: timestamp, two: swapped(addInterval)},
	{name: "-", args: sig(timestamp, interval), result: timestamp, two: subInterval},
	{name: "-", args: sig(timestamp, timestamp), result: interval, two: plain(types.SubTimes)},
	{name: "+", args: sig(timestamptz, interval), result: timestamptz, two: addInterval, zoned: true},
	{name: "+", args: sig(interval, timestamptz), result: timestamptz, two: swapped(addInterval), zoned: true},
	{name: "-", args: sig(timestamptz, interval), result: timestamptz, two: subInterval, zoned: true},
	{name: "-", args: sig(timestamptz, timestamptz), result: interval, two: plain(types.SubTimes)},
	{name: "+", args: sig(interval, interval), result: interval, two: plain(types.Add)},
	{name: "-", args: sig(interval, interval), result: interval, two: plain(types.Sub)},
	{name: "*", args: sig(interval, float8), result: interval, two: mulInterval},
	{name: "*", args: sig(float8, interval), result: interval, two: swapped(mulInterval)},
	{name: "/", args: sig(interval, float8), result: interval, two: divInterval},
	{name: "-", args: sig(interval), result: interval, one: fallible(types.Neg)},
}

func swapped(f operation2) operation2 {
	return func(env *Env, a, b types.Value) (types.Value, error) { return f(env, b, a) }
}

func addDays(_ *Env, d, n types.Value) (types.Value, error) { return types.AddDays(d, n.I) }

func subDays(_ *Env, d, n types.Value) (types.Value, error) { return types.AddDays(d, -n.I) }

func addInterval(env *Env, t, i types.Value) (types.Value, error) {
	if us, ok := plainLength(env, t, i); ok {
		t.I += us
		return t, nil
	}
	return types.AddInterval(t, i, env.Zone)
}

func subInterval(env *Env, t, i types.Value) (types.Value, error) {
	if us, ok := plainLength(env, t, i); ok {
		t.I -= us
		return t, nil
	}
	return types.SubInterval(t, i, env.Zone)
}

// plainLength returns the microseconds of an interval of days and time that moves a timestamp by that much wherever it
// stands, which is the rule: the window of a row's condition is computed without an allocation. The limits keep clear of
// all overflows, and of the infinities.
func plainLength(env *Env, t, i types.Value) (us int64, ok bool) {
	const (
		day     = 86400_000_000
		year    = 365 * day
		longest = 1000 * year
	)
	s := i.Span()
	switch {
	case t.Kind != types.Timestamptz && t.Kind != types.Timestamp, s.Months != 0:
		return 0, false
	case s.Days != 0 && t.Kind == types.Timestamptz && env.Zone != nil && env.Zone != time.UTC: // a day may have 23 hours
		return 0, false
	case t.I > 10_000*year || t.I < -1900*year || i.I > longest || i.I < -longest || s.Days > longest/day || s.Days < -longest/day:
		return 0, false
	}
	return int64(s.Days)*day + i.I, true
}

func mulInterval(_ *Env, i, f types.Value) (types.Value, error) {
	return types.MulInterval(i, f.Float())
}

func divInterval(_ *Env, i, f types.Value) (types.Value, error) {
	return types.DivInterval(i, f.Float())
}

var timeFunctions = append(fieldFunctions(), []function{
	{name: "date_trunc", args: sig(text, timestamp), result: timestamp, two: dateTrunc},
	{name: "date_trunc", args: sig(text, timestamptz), result: timestamptz, two: dateTrunc, zoned: true},
	{name: "date_trunc", args: sig(text, interval), result: interval, two: dateTrunc},
	{name: "date_trunc", args: sig(text, timestamptz, text), result: timestamptz, many: dateTruncIn},
	{name: "date_bin", args: sig(interval, timestamp, timestamp), result: timestamp, many: dateBin},
	{name: "date_bin", args: sig(interval, timestamptz, timestamptz), result: timestamptz, many: dateBin},
	{name: "age", args: sig(timestamp, timestamp), result: interval, two: age},
	{name: "age", args: sig(timestamptz, timestamptz), result: interval, two: age, zoned: true},
	{name: "timezone", args: sig(text, timestamptz), result: timestamp, two: atTimeZone},
	{name: "timezone", args: sig(text, timestamp), result: timestamptz, two: atTimeZone},
	{name: "timezone", args: sig(interval, timestamptz), result: timestamp, two: atOffset},
	{name: "timezone", args: sig(interval, timestamp), result: timestamptz, two: atOffset},
	{name: "make_interval", args: sig(int4, int4, int4, int4, int4, int4, float8), result: interval, many: makeInterval, optional: 7},
	{name: "to_timestamp", args: sig(float8), result: timestamptz, one: toTimestamp},
}...)

// fieldFunctions are EXTRACT, a numeric, and date_part, a float, over all that has fields.
func fieldFunctions() []function {
	var rows []function
	for _, t := range []types.Type{date, clock, timestamp, timestamptz, interval} {
		zoned := t == timestamptz
		rows = append(rows,
			function{name: "extract", args: sig(text, t), result: numeric, two: extract, zoned: zoned},
			function{name: "date_part", args: sig(text, t), result: float8, two: datePart, zoned: zoned})
	}
	return rows
}

func extract(env *Env, field, t types.Value) (types.Value, error) {
	return types.Extract(field.S, t, env.Zone)
}

func datePart(env *Env, field, t types.Value) (types.Value, error) {
	return types.DatePart(field.S, t, env.Zone)
}

func dateTrunc(env *Env, field, t types.Value) (types.Value, error) {
	return types.DateTrunc(field.S, t, env.Zone)
}

func dateTruncIn(_ *Env, a []types.Value) (types.Value, error) {
	if infinite(a[1]) {
		return types.DateTrunc(a[0].S, a[1], time.UTC)
	}
	zone, err := types.LoadZone(a[2].S)
	if err != nil {
		return types.Value{}, err
	}
	return types.DateTrunc(a[0].S, a[1], zone)
}

func dateBin(_ *Env, a []types.Value) (types.Value, error) { return types.DateBin(a[0], a[1], a[2]) }

func age(env *Env, a, b types.Value) (types.Value, error) { return types.Age(a, b, env.Zone) }

// atTimeZone does not look at the zone of what is infinite, as PostgreSQL does not.
func atTimeZone(_ *Env, name, t types.Value) (types.Value, error) {
	if infinite(t) {
		return types.AtTimeZone(t, time.UTC)
	}
	zone, err := types.LoadZone(name.S)
	if err != nil {
		return types.Value{}, err
	}
	return types.AtTimeZone(t, zone)
}

func infinite(t types.Value) bool { return t.I == types.Infinity || t.I == types.NegInfinity }

func atOffset(_ *Env, span, t types.Value) (types.Value, error) {
	if infinite(t) {
		return types.AtTimeZone(t, time.UTC)
	}
	zone, err := types.OffsetZone(span)
	if err != nil {
		return types.Value{}, err
	}
	return types.AtTimeZone(t, zone)
}

// makeInterval takes years, months, weeks, days, hours, minutes and seconds; what is left out is 0.
func makeInterval(_ *Env, a []types.Value) (types.Value, error) {
	var part [6]int64
	var seconds float64
	for i, v := range a {
		if i < len(part) {
			part[i] = v.I
		} else {
			seconds = v.Float()
		}
	}
	return types.MakeInterval(part[0], part[1], part[2], part[3], part[4], part[5], seconds)
}

func toTimestamp(_ *Env, a types.Value) (types.Value, error) { return types.ToTimestamp(a.Float()) }
