package decode

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// options are what a source's WITH says about how its connector writes values. Their names are the connector's own
// settings with underscores.
type options struct {
	placeholder placeholder
	decimals    decimalMode
	binary      binaryMode
	times       timeMode
}

var debeziumOptions = []string{
	"unavailable_value_placeholder", "decimal_handling_mode", "binary_handling_mode", "time_precision_mode", "time_precision",
}

func readOptions(with map[string]string) (o options, err error) {
	setting, ok := with["unavailable_value_placeholder"]
	if !ok {
		setting = defaultPlaceholder
	}
	if o.placeholder, err = newPlaceholder(setting); err != nil {
		return o, err
	}
	if o.decimals, err = oneOf(with, "decimal_handling_mode", decimalModes); err != nil {
		return o, err
	}
	if o.binary, err = oneOf(with, "binary_handling_mode", binaryModes); err != nil {
		return o, err
	}
	name := "time_precision_mode"
	if _, ok := with["time_precision"]; ok {
		name = "time_precision"
	}
	o.times, err = oneOf(with, name, timeModes)
	return o, err
}

// choice is one value that an option can have.
type choice[T any] struct {
	name string
	mode T
}

var decimalModes = []choice[decimalMode]{{"precise", decimalBase64}, {"string", decimalText}, {"double", decimalText}}

var binaryModes = []choice[binaryMode]{
	{"bytes", binaryBase64}, {"base64", binaryBase64}, {"base64-url-safe", binaryBase64}, {"hex", binaryHex},
}

var timeModes = []choice[timeMode]{
	{"adaptive", adaptive},
	{"adaptive_time_microseconds", adaptiveTimeMicroseconds},
	{"connect", milliseconds},
	{"milliseconds", milliseconds},
	{"microseconds", microseconds},
	{"nanoseconds", nanoseconds},
	{"isostring", isoString},
}

// oneOf returns the mode that the option called name has, the zero mode where it is not set.
func oneOf[T any](with map[string]string, name string, choices []choice[T]) (mode T, err error) {
	setting, ok := with[name]
	if !ok {
		return mode, nil
	}
	names := make([]string, len(choices))
	for i, c := range choices {
		if strings.EqualFold(c.name, setting) {
			return c.mode, nil
		}
		names[i] = c.name
	}
	return mode, types.Errorf(types.CodeInvalidParameter, "%s = %q is not one of %s", name, setting, strings.Join(names, ", "))
}
