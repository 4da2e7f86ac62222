package agg

import "github.com/asofdb/asof/sql/types"

// resolveSum is SUM: BIGINT of SMALLINT and INTEGER, NUMERIC of BIGINT and NUMERIC, REAL, DOUBLE PRECISION and INTERVAL of
// their own. A TIME is an INTERVAL to SUM and AVG, by PostgreSQL's implicit cast.
func resolveSum(arg types.Type) *Func {
	switch arg.Kind {
	case types.Int2, types.Int4:
		return ofInts(bigint, sumToBigint)
	case types.Int8:
		return ofInts(numeric, sumToNumeric)
	case types.Numeric:
		return ofNumerics((*numericTotal).sum)
	case types.Float4:
		return ofFloats(arg, sumFloat4)
	case types.Float8:
		return ofFloats(arg, sumFloat8)
	case types.Interval, types.Time:
		return ofIntervals(sumInterval)
	}
	return nil
}

func sumToBigint(t *intTotal) (types.Value, error) {
	i, ok := t.sum.int64()
	if !ok {
		return null, types.Errorf(types.CodeOutOfRange, "bigint out of range")
	}
	return types.NewInt8(i), nil
}

func sumToNumeric(t *intTotal) (types.Value, error) { return t.sum.numeric(), nil }

func sumFloat4(t *floatTotal) (types.Value, error) {
	f, err := t.float32()
	if err != nil {
		return null, err
	}
	return types.NewFloat4(f), nil
}

func sumFloat8(t *floatTotal) (types.Value, error) {
	f, err := t.float64()
	if err != nil {
		return null, err
	}
	return types.NewFloat8(f), nil
}

func sumInterval(t *intervalTotal) (types.Value, error) {
	span, micros, err := t.sum()
	if err != nil {
		return null, err
	}
	return newInterval(span, micros), nil
}
