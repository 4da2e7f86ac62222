package exec

import (
	"errors"
	"hash/maphash"

	"github.com/asofdb/asof/sql/types"
)

// What does not fit into memory is divided by a hash of its keys into partitions, which are worked on one after the other; one that does not fit
// either is divided again, by other bits of the hash. Equal keys are always in one partition.

const (
	partitionBits = 4
	partitions    = 1 << partitionBits
	// maxDepth is how often a partition is divided. Sixteen times the limit to the power of five is more than a disk holds: what is
	// still too large then has one key.
	maxDepth = 6
)

// partitioning writes rows to partitions.
type partitioning struct {
	runs  [partitions]*rowFile
	temp  *tempFiles
	types codec
	limit int64
	seed  maphash.Seed
	depth int
}

func newPartitioning(c *Context, ts codec, seed maphash.Seed, depth int) *partitioning {
	return &partitioning{temp: &c.state.temp, types: ts, limit: c.limit(), seed: seed, depth: depth}
}

// add writes a row to the partition of key.
func (p *partitioning) add(key []byte, row []types.Value) (err error) {
	n := maphash.Bytes(p.seed, key) >> (partitionBits * p.depth) & (partitions - 1)
	if p.runs[n] == nil {
		if p.runs[n], err = newRowFile(p.temp, p.types, p.limit); err != nil {
			return err
		}
	}
	return p.runs[n].append(row)
}

// finish ends the writing.
func (p *partitioning) finish() error {
	for _, r := range p.runs {
		if r != nil {
			if err := r.finish(); err != nil {
				return err
			}
		}
	}
	return nil
}

// close deletes the partitions.
func (p *partitioning) close() error {
	var err error
	for _, r := range p.runs {
		err = errors.Join(err, r.close())
	}
	return err
}
