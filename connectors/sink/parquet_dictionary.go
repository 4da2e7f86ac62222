package sink

import (
	"github.com/apache/arrow/go/v17/parquet"

	"github.com/asofdb/asof/sql/types"
)

// dictionarySample is how many rows decide whether a column gets a dictionary.
const dictionarySample = 4096

// dictionaries turns the dictionary off for columns that would hardly repeat themselves in it: ids, times, averages. The library would build one of a
// megabyte for every row group before it gives up, which takes a quarter of the time of writing.
func dictionaries(columns []*column, group []*types.Batch) []parquet.WriterProperty {
	var props []parquet.WriterProperty
	for _, c := range columns {
		if !c.repeats(group) {
			props = append(props, parquet.WithDictionaryFor(c.path(), false))
		}
	}
	return props
}

// path is how the library names the column's values.
func (c *column) path() string {
	if c.list {
		return c.name + ".list.element"
	}
	return c.name
}

// repeats reports whether, among the first rows, a value comes twice on average.
func (c *column) repeats(group []*types.Batch) bool {
	seen := map[string]bool{}
	var key []byte
	count, rows := 0, 0
	for _, b := range group {
		for i := range b.Rows() {
			if rows++; rows > dictionarySample {
				return 2*len(seen) <= count
			}
			if v := b.Value(c.index, i); !v.IsNull() {
				key = types.AppendValue(key[:0], b.Schema[c.index].Type, v)
				seen[string(key)] = true
				count++
			}
		}
	}
	return 2*len(seen) <= count
}
