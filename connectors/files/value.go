package files

import (
	"errors"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// parse reads a text as a value of a column's type; times that name no zone are local to zone.
func parse(c types.Column, text string, zone *time.Location) (types.Value, error) {
	switch c.Type.Kind {
	case types.Timestamp, types.Timestamptz:
		text = micros(text)
	}
	v, err := types.ParseIn(c.Type, text, zone)
	if err != nil {
		return v, inColumn(c.Name, err)
	}
	return v, nil
}

// inColumn names the column that an error is about.
func inColumn(name string, err error) error {
	message := fmt.Sprintf("column %q: %v", name, err)
	var e *types.Error
	if !errors.As(err, &e) {
		return &types.Error{Code: types.CodeInvalidSource, Message: message, Err: err}
	}
	return &types.Error{Code: e.Code, Message: message, Detail: e.Detail, Hint: e.Hint, Err: err}
}
