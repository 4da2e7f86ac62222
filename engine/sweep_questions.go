package engine

import (
	"bytes"
	"cmp"
	"context"
	"hash/maphash"
	"slices"

	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage/key"
)

// question is one of a sweep's questions, with what it is sorted by. It has no pointers: there are a million of them.
type question struct {
	index int // among the caller's
	at    int64
	// order is the entity's hash slot, by which entities lie on disk, above a hash of its key. Keys of equal order are compared.
	order uint64
}

func (sw *sweep) key(q *question) []byte {
	k, _ := sw.qs.Key(q.index)
	return k
}

// sort sorts by entity and moment. Keys are looked at only where entities have the same order, which they seldom have.
func (sw *sweep) sort(asked []question) {
	slices.SortFunc(asked, func(a, b question) int {
		if a.order != b.order {
			return cmp.Compare(a.order, b.order)
		}
		return cmp.Compare(a.at, b.at)
	})
	for from, to := 0, 0; from < len(asked); from = to {
		to = from + sw.first(asked[from:])
		if to == len(asked) || asked[to].order != asked[from].order {
			continue
		}
		for to < len(asked) && asked[to].order == asked[from].order {
			to++
		}
		slices.SortFunc(asked[from:to], func(a, b question) int {
			return cmp.Or(bytes.Compare(sw.key(&a), sw.key(&b)), cmp.Compare(a.at, b.at))
		})
	}
}

// entities calls fn for the questions of each entity, which are sorted.
func (sw *sweep) entities(ctx context.Context, asked []question, fn func(qs []question) error) error {
	for len(asked) > 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n := sw.first(asked)
		if err := fn(asked[:n]); err != nil {
			return err
		}
		sw.done.Add(int64(n))
		asked = asked[n:]
	}
	return nil
}

// first is how many of the sorted questions are about the first entity.
func (sw *sweep) first(asked []question) int {
	k, n := sw.key(&asked[0]), 1
	for n < len(asked) && asked[n].order == asked[0].order && bytes.Equal(sw.key(&asked[n]), k) {
		n++
	}
	return n
}

// bucket is the questions about the entities of a range of hash slots.
type bucket struct {
	asked     []question
	low, high uint16 // slots, both inclusive
}

// The questions are divided into parts of the slots if there are more than fewQuestions: enough parts that no goroutine waits long for the last, each of which
// sorts its own.
const (
	fewQuestions = 1 << 12
	parts        = 256
	slotsOfPart  = key.Slots / parts
)

// buckets sets the order of the questions, and divides them; the largest comes first.
func (sw *sweep) buckets(g *generation) ([]bucket, error) {
	if err := sw.order(g); err != nil {
		return nil, err
	}
	if len(sw.asked) <= fewQuestions {
		return []bucket{{sw.asked, 0, key.Slots - 1}}, nil
	}
	part := func(q *question) int { return int(q.order>>48) / slotsOfPart }
	var ends [parts]int
	for i := range sw.asked {
		ends[part(&sw.asked[i])]++
	}
	from := 0
	for p, n := range ends {
		ends[p] = from
		from += n
	}
	divided := make([]question, len(sw.asked))
	for i := range sw.asked {
		p := part(&sw.asked[i])
		divided[ends[p]] = sw.asked[i]
		ends[p]++
	}
	bs := make([]bucket, 0, parts)
	from = 0
	for p, to := range ends {
		if from < to {
			bs = append(bs, bucket{divided[from:to], uint16(p * slotsOfPart), uint16((p+1)*slotsOfPart - 1)})
		}
		from = to
	}
	slices.SortFunc(bs, func(a, b bucket) int { return cmp.Compare(len(b.asked), len(a.asked)) })
	return bs, nil
}

// order sets the order of the questions about a generation's entities.
func (sw *sweep) order(g *generation) error {
	seed := maphash.MakeSeed()
	var values []types.Value
	for i := range sw.asked {
		q := &sw.asked[i]
		k := sw.key(q)
		var err error
		if values, err = g.readKey(values[:0], k); err != nil {
			return err
		}
		q.order = uint64(key.Slot(slotText(values)))<<48 | maphash.Bytes(seed, k)>>16
	}
	return nil
}
