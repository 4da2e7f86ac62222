package types

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// parseJSON checks that s is one JSON value and keeps its text.
func parseJSON(k Kind, s string) (Value, error) {
	if err := checkText(s); err != nil {
		return Value{}, err
	}
	if !json.Valid([]byte(s)) {
		e := Errorf(CodeInvalidText, "invalid input syntax for type json")
		e.Detail = jsonFault(s)
		return Value{}, e
	}
	return Value{Kind: k, S: s}, nil
}

// jsonFault says what is wrong with a text that is not JSON.
func jsonFault(s string) string {
	d := json.NewDecoder(strings.NewReader(s))
	var v json.RawMessage
	err := d.Decode(&v)
	if err == nil {
		return "There is text after the JSON value."
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "The input string ended unexpectedly."
	}
	return err.Error()
}
