package types_test

import (
	"fmt"

	"github.com/asofdb/asof/sql/types"
)

func ExampleParse() {
	amount, _ := types.ParseType("NUMERIC(12,2)")
	v, err := types.Parse(amount, "1234.5")
	fmt.Println(v, err)
	_, err = types.Parse(amount, "12345678901")
	fmt.Println(err)
	// Output:
	// 1234.50 <nil>
	// numeric field overflow
}

// AVG is a division: its digits are those PostgreSQL would show.
func ExampleDivNumeric() {
	sum, count := types.NewNumeric(10000, 2), types.IntNumeric(3)
	avg, _ := types.DivNumeric(sum, count)
	fmt.Println(avg)
	// Output: 33.3333333333333333
}

func ExampleDateTrunc() {
	berlin, _ := types.LoadZone("Europe/Berlin")
	t, _ := types.Parse(types.Type{Kind: types.Timestamptz}, "2025-05-20 22:30:00+00")
	midnight, _ := types.DateTrunc("day", t, berlin)
	fmt.Println(string(types.AppendTextIn(nil, midnight, berlin)))
	// Output: 2025-05-21 00:00:00+02
}
