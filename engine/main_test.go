package engine_test

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		runStepChild()
	}
	warmUp()
	goleak.VerifyTestMain(m)
}

// warmUp makes the compressors that all blocks share, whose channels would belong to the first bubble of synctest that needed them.
func warmUp() {
	text := []types.Type{{Kind: types.Text}}
	block := record.AppendBlock(nil, text, []record.Change{{Pos: 1, Op: record.Insert, New: []types.Value{types.NewText(strings.Repeat("compressible ", 20))}}})
	if _, err := record.ReadBlock(block, text, nil); err != nil {
		panic(err)
	}
}
