package engine

import (
	"errors"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// valueOf makes an SQL value of a Go value.
func valueOf(x any) (types.Value, error) {
	switch x := x.(type) {
	case nil:
		return types.Value{}, nil
	case types.Value:
		return x, nil
	case bool:
		return types.NewBool(x), nil
	case int:
		return types.NewInt8(int64(x)), nil
	case int16:
		return types.NewInt(types.Int2, int64(x)), nil
	case int32:
		return types.NewInt(types.Int4, int64(x)), nil
	case int64:
		return types.NewInt8(x), nil
	case float32:
		return types.NewFloat4(x), nil
	case float64:
		return types.NewFloat8(x), nil
	case string:
		return types.NewText(x), nil
	case []byte:
		return types.Value{Kind: types.Bytea, S: string(x)}, nil
	case time.Time:
		return types.NewTimestamptz(x.UnixMicro()), nil
	case []string:
		return arrayOf(x)
	case []int:
		return arrayOf(x)
	case []int32:
		return arrayOf(x)
	case []int64:
		return arrayOf(x)
	case []float64:
		return arrayOf(x)
	case []bool:
		return arrayOf(x)
	case []time.Time:
		return arrayOf(x)
	case []any:
		return arrayOf(x)
	default:
		return types.Value{}, types.Errorf(types.CodeInvalidParameter, "a parameter of Go type %s is not supported", fmt.Sprintf("%T", x)).
			WithHint("pass a bool, an integer, a float, a string, []byte, time.Time or types.Value, or a slice of one of them")
	}
}

func arrayOf[T any](xs []T) (types.Value, error) {
	elems := make([]types.Value, len(xs))
	for i, x := range xs {
		var err error
		if elems[i], err = valueOf(x); err != nil {
			return types.Value{}, err
		}
	}
	return types.NewArray(elems), nil
}

// saidOf is err said of something: it stays an error with its SQLSTATE and hint.
func saidOf(what string, err error) error {
	var e *types.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("%s: %w", what, err)
	}
	said := *e
	said.Message = what + ": " + e.Message
	return &said
}

// paramType is the type that a parameter brings along. A Go string is text of whatever type the context wants.
func paramType(v types.Value) types.Type {
	if v.Kind == types.Array {
		for _, e := range v.Elems() {
			if t := paramType(e); t.Kind != types.Null {
				return types.ArrayOf(t)
			}
		}
		return types.Type{}
	}
	if v.Kind == types.Text {
		return types.Type{}
	}
	return types.Type{Kind: v.Kind}
}

// convertParam brings a parameter's value to the type that the statement gives it.
func convertParam(v types.Value, t types.Type, zone *time.Location) (types.Value, error) {
	switch {
	case v.Kind == types.Array && t.Kind == types.Array:
		elems := make([]types.Value, len(v.Elems()))
		for i, e := range v.Elems() {
			var err error
			if elems[i], err = convertParam(e, t.ElemType(), zone); err != nil {
				return v, err
			}
		}
		return types.NewArray(elems), nil
	case v.Kind == types.Text && t.Kind != types.Text:
		return types.ParseIn(t, v.S, zone)
	default:
		return types.CoerceIn(v, t, zone)
	}
}
