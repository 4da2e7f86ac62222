package files

import (
	"testing"

	"github.com/asofdb/asof/sql/types"
)

func TestInference(t *testing.T) {
	for _, c := range []struct {
		want   types.Kind
		values []string
	}{
		{types.Text, nil},
		{types.Int8, []string{"0", "-1", "9223372036854775807", "-9223372036854775808"}},
		{types.Numeric, []string{"1", "9223372036854775808"}},
		{types.Numeric, []string{"1", "1.50", "-0.001", ".5", "1e-05", "1.5E+10"}},
		{types.Numeric, []string{"1.5", "NaN", "Infinity", "-inf"}},
		{types.Text, []string{"NaN"}},
		{types.Text, []string{"1", "x"}},
		{types.Text, []string{"1", ""}},
		{types.Text, []string{"007"}},
		{types.Text, []string{"00"}},
		{types.Text, []string{"-01"}},
		{types.Text, []string{"01.5"}},
		{types.Text, []string{"+49301234"}},
		{types.Text, []string{" 1"}},
		{types.Text, []string{"1 "}},
		{types.Text, []string{"-"}},
		{types.Text, []string{"."}},
		{types.Text, []string{"1."}},
		{types.Text, []string{"1e"}},
		{types.Text, []string{"1e999"}},
		{types.Text, []string{"1e5x"}},
		{types.Text, []string{"1_000"}},
		{types.Text, []string{"0x10"}},
		{types.Text, []string{"true", "false"}},
		{types.Date, []string{"2025-05-20", "2024-02-29"}},
		{types.Text, []string{"2025-02-29"}},
		{types.Text, []string{"2025-5-20"}},
		{types.Text, []string{"20.05.2025"}},
		{types.Timestamp, []string{"2025-05-20 14:30", "2025-05-20T14:30:00.123456", "2025-05-20"}},
		{types.Timestamp, []string{"2025-05-20 14:30:00.123456789"}},
		{types.Timestamptz, []string{"2025-05-20 14:30+00", "2025-05-20T14:30:00.123456Z", "2025-05-20 14:30:00.123456789-05:30", "2025-05-20 14:30:00 UTC"}},
		{types.Text, []string{"2025-05-20 14:30", "2025-05-20 14:30+00"}},
		{types.Text, []string{"2025-05-20", "2025-05-20 14:30+00"}},
		{types.Text, []string{"2025-05-20 25:30"}},
		{types.Text, []string{"2025-05-20 "}},
		{types.Text, []string{"2025-05-20 CET"}},
		{types.Text, []string{"2025-05-20 14:30 Europe/Berlin"}},
		{types.Text, []string{"2025-05-20", "1"}},
		{types.Text, []string{"14:30:00"}},
		{types.Text, []string{"1234-567890"}},
	} {
		f := newInference()
		for _, v := range c.values {
			f.add([]byte(v))
		}
		if got := f.kind(); got != c.want {
			t.Errorf("%q is %s instead of %s", c.values, got, c.want)
		}
	}
}

func TestMicrosNeverRoundUp(t *testing.T) {
	for text, want := range map[string]string{
		"2025-05-20 14:30:00.1234569+00": "2025-05-20 14:30:00.123456+00",
		"2025-05-20 14:30:00.123456":     "2025-05-20 14:30:00.123456",
		"2025-05-20 14:30:00.9999999Z":   "2025-05-20 14:30:00.999999Z",
		"2025-05-20":                     "2025-05-20",
		"x.":                             "x.",
	} {
		if got := micros(text); got != want {
			t.Errorf("%s: %s instead of %s", text, got, want)
		}
	}
}

// FuzzInference: what a text is taken for can be read as that, and what is taken for a whole number prints as it was written.
func FuzzInference(f *testing.F) {
	for _, s := range []string{"0", "-0", "12", "1.5e3", "2025-05-20 14:30:00.123456789+02:00", "2025-05-20", "NaN", "9999999999999999999", "2025-05-20T24:00:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i := newInference()
		i.add([]byte(text))
		kind := i.kind()
		if kind == types.Text {
			return
		}
		v, err := parse(types.Column{Name: "x", Type: types.Type{Kind: kind}}, text, nil)
		if err != nil {
			t.Fatalf("%q is taken for %s: %v", text, kind, err)
		}
		if kind == types.Int8 && v.String() != text && text != "-0" {
			t.Fatalf("%q becomes %s", text, v)
		}
		if (kind == types.Timestamp || kind == types.Timestamptz) && (v.I == types.Infinity || v.I == types.NegInfinity) {
			t.Fatalf("%q becomes %s", text, v)
		}
	})
}
