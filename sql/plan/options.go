package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// The options of CREATE FEATURE: those that are kept, and those that the language will have.
var (
	featureOptions = []string{"description", "event_time", "freshness", "from", "owner", "tags"}
	plannedOptions = []string{"max_age", "refresh", "retain"}
)

// FromFirstChange is the one value of the option from: the feature counts what the source has shown since it began, be it in mid-stream.
const FromFirstChange = "first change"

// bindOptions checks the WITH list of a feature.
func bindOptions(list []syntax.Option) (map[string]string, error) {
	options := make(map[string]string, len(list))
	for _, o := range list {
		if _, twice := options[o.Name]; twice {
			return nil, errorAt(o.Span, types.CodeSyntax, "option %q is given twice", o.Name)
		}
		if err := checkOption(o); err != nil {
			return nil, err
		}
		options[o.Name] = o.Value
	}
	return options, nil
}

func checkOption(o syntax.Option) error {
	switch {
	case slices.Contains(plannedOptions, o.Name):
		return notYet(o.Span, "the option "+o.Name+" of a feature is")
	case !slices.Contains(featureOptions, o.Name):
		err := errorAt(o.Span, types.CodeInvalidParameter, "a feature has no option %q", o.Name)
		if near := Nearest(o.Name, append(featureOptions[:len(featureOptions):len(featureOptions)], plannedOptions...)); near != "" {
			return err.WithHint("did you mean %q?", near)
		}
		return err
	case o.Secret:
		return errorAt(o.Span, types.CodeInvalidParameter, "the option %s of a feature is no secret", o.Name)
	case o.Name == "from" && o.Value != FromFirstChange:
		return errorAt(o.Span, types.CodeInvalidParameter, "the option from of a feature cannot be %q", o.Value).WithHint("it is '%s'", FromFirstChange)
	case o.Name == "freshness":
		if _, err := types.Parse(types.Type{Kind: types.Interval}, o.Value); err != nil {
			return at(err, o.Span)
		}
	}
	return nil
}
