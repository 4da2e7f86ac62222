package engine

import (
	"github.com/asofdb/asof/sql/types"
)

// readKey decodes an entity key into the values of the generation's key columns.
func (g *generation) readKey(dst []types.Value, k []byte) ([]types.Value, error) {
	for _, c := range g.rec.Keys {
		v, rest, err := types.ReadKey(k, g.source.types[c])
		if err != nil {
			return nil, damaged("an entity's key", err)
		}
		dst, k = append(dst, v), rest
	}
	return dst, nil
}
