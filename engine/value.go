package engine

import (
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
	default:
		return types.Value{}, types.Errorf(types.CodeInvalidParameter, "a parameter of Go type %s is not supported", fmt.Sprintf("%T", x)).
			WithHint("pass a bool, an integer, a float, a string, []byte, time.Time or types.Value")
	}
}
