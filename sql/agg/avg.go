package agg

import "github.com/asofdb/asof/sql/types"

// resolveAvg is AVG: NUMERIC of integers and NUMERIC, with the scale of PostgreSQL's division; DOUBLE PRECISION of both
// float types; INTERVAL.
func resolveAvg(arg types.Type) *Func {
	switch arg.Kind {
	case types.Int2, types.Int4, types.Int8:
		return ofInts(numeric, avgInt)
	case types.Numeric:
		return ofNumerics(avgNumeric)
	case types.Float4, types.Float8:
		return ofFloats(types.Type{Kind: types.Float8}, avgFloat)
	case types.Interval, types.Time:
		return ofIntervals(avgInterval)
	}
	return nil
}

func avgInt(t *intTotal) (types.Value, error) {
	return types.DivNumeric(t.sum.numeric(), types.IntNumeric(t.n))
}

func avgNumeric(t *numericTotal) (types.Value, error) {
	sum, err := t.sum()
	if err != nil {
		return null, err
	}
	return types.DivNumeric(sum, types.IntNumeric(t.rows()))
}

// avgFloat divides the rounded sum, which is what PostgreSQL does. Its sum begins with 0, so the average of -0 is 0.
func avgFloat(t *floatTotal) (types.Value, error) {
	sum, err := t.float64()
	if err != nil {
		return null, err
	}
	return types.NewFloat8((sum + 0) / float64(t.n)), nil
}

func avgInterval(t *intervalTotal) (types.Value, error) {
	span, micros, err := t.sum()
	if err != nil {
		return null, err
	}
	return divide(span, micros, t.n), nil
}
