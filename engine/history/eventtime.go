package history

import "github.com/asofdb/asof/sql/types"

const dayMicros = 24 * 60 * 60 * 1_000_000

// EventTime is the event time of an entry whose event-time column holds v: microseconds since 1970 UTC, for a DATE those of its
// midnight, infinities kept. ok is false for NULL.
func EventTime(v types.Value) (e int64, ok bool) {
	switch {
	case v.IsNull():
		return 0, false
	case v.Kind != types.Date:
		return v.I, true
	case v.I >= types.InfinityDays:
		return types.Infinity, true
	case v.I <= types.NegInfinityDays:
		return types.NegInfinity, true
	}
	return v.I * dayMicros, true
}

// EventValue is the value of an event-time column of kind k whose entry has event time e: the inverse of EventTime.
func EventValue(k types.Kind, e int64) types.Value {
	if k != types.Date {
		return types.Value{Kind: k, I: e}
	}
	switch e {
	case types.Infinity:
		return types.Value{Kind: k, I: types.InfinityDays}
	case types.NegInfinity:
		return types.Value{Kind: k, I: types.NegInfinityDays}
	}
	day := e / dayMicros
	if e%dayMicros < 0 {
		day--
	}
	return types.Value{Kind: k, I: day}
}
