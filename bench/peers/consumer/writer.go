package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-json"
	"github.com/redis/go-redis/v9"
	"github.com/twmb/franz-go/pkg/kgo"
)

// envelope is what is needed of a record.
type envelope struct {
	Before *order `json:"before"`
	After  *order `json:"after"`
	Op     string `json:"op"`
	Source struct {
		Commit int64 `json:"ts_us"`
	} `json:"source"`
}

type order struct {
	ID       int64     `json:"order_id"`
	Customer string    `json:"customer_id"`
	Amount   string    `json:"amount"`
	Created  time.Time `json:"created_at"`
}

// row is an order as Redis has it. The zero row is one that is not there.
type row struct {
	customer string
	member   string // id:cents
	created  int64  // µs
}

func (o *order) row() (row, error) {
	cents, err := strconv.ParseInt(strings.Replace(o.Amount, ".", "", 1), 10, 64) // Debezium writes both digits
	if err != nil {
		return row{}, fmt.Errorf("the amount of order %d: %w", o.ID, err)
	}
	member := strconv.AppendInt(nil, o.ID, 10)
	member = strconv.AppendInt(append(member, ':'), cents, 10)
	return row{o.Customer, string(member), o.Created.UnixMicro()}, nil
}

// writer applies the changes of one partition. One goroutine at a time uses it.
type writer struct {
	db     *redis.Client
	lookup bool
	polls  int
	newest int64 // commit, µs
}

// step is what a poll does to one order.
type step struct{ was, is row }

// customer is what a poll does to one customer.
type customer struct {
	add    []redis.Z
	remove []any
}

// A customer's set is rid of what no window reaches any more at every trimEvery-th poll that changes it.
const (
	longestWindow = 30 * 24 * time.Hour
	trimEvery     = 16
)

// apply writes a poll's records, and returns once Redis has them.
func (w *writer) apply(ctx context.Context, records []*kgo.Record) error {
	envelopes := make([]envelope, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &envelopes[i]); err != nil {
			return fmt.Errorf("partition %d, offset %d: %w", r.Partition, r.Offset, err)
		}
	}
	steps, err := w.steps(ctx, envelopes)
	if err != nil {
		return err
	}
	customers := map[string]*customer{}
	of := func(name string) *customer {
		c := customers[name]
		if c == nil {
			c = &customer{}
			customers[name] = c
		}
		return c
	}
	pipe := w.db.Pipeline()
	var kept, forgotten []any
	for id, s := range steps {
		if s.was == s.is {
			continue
		}
		if s.was != (row{}) && (s.was.customer != s.is.customer || s.was.member != s.is.member) {
			c := of(s.was.customer)
			c.remove = append(c.remove, s.was.member)
		}
		if s.is != (row{}) {
			c := of(s.is.customer)
			c.add = append(c.add, redis.Z{Score: float64(s.is.created), Member: s.is.member})
		}
		switch {
		case !w.lookup:
		case s.is == row{}:
			forgotten = append(forgotten, id)
		default:
			kept = append(kept, orderKey(id), s.is.customer+" "+s.is.member+" "+strconv.FormatInt(s.is.created, 10))
		}
	}
	w.polls++
	oldest := strconv.FormatInt(w.newest-longestWindow.Microseconds(), 10)
	for name, c := range customers {
		key := customerKey(name)
		if c.remove != nil {
			pipe.ZRem(ctx, key, c.remove...)
		}
		if c.add != nil {
			pipe.ZAdd(ctx, key, c.add...)
		}
		if w.polls%trimEvery == 0 {
			pipe.ZRemRangeByScore(ctx, key, "-inf", oldest)
		}
	}
	if kept != nil {
		pipe.MSet(ctx, kept...)
	}
	for _, id := range forgotten {
		pipe.Del(ctx, orderKey(id.(int64)))
	}
	_, err = pipe.Exec(ctx)
	return err
}

// steps brings the changes of each order together.
func (w *writer) steps(ctx context.Context, envelopes []envelope) (map[int64]step, error) {
	steps := make(map[int64]step, len(envelopes))
	if w.lookup {
		if err := w.find(ctx, envelopes, steps); err != nil {
			return nil, err
		}
	}
	for i := range envelopes {
		e := &envelopes[i]
		w.newest = max(w.newest, e.Source.Commit)
		o := e.After
		if o == nil {
			o = e.Before
		}
		if o == nil {
			continue // a tombstone
		}
		s, seen := steps[o.ID]
		if !seen && e.Before != nil && !w.lookup {
			was, err := e.Before.row()
			if err != nil {
				return nil, err
			}
			s.was = was
		}
		s.is = row{}
		if e.After != nil {
			is, err := e.After.row()
			if err != nil {
				return nil, err
			}
			s.is = is
		}
		steps[o.ID] = s
	}
	return steps, nil
}

// find looks up the orders that are updated and deleted.
func (w *writer) find(ctx context.Context, envelopes []envelope, steps map[int64]step) error {
	var ids []int64
	var keys []string
	for i := range envelopes {
		e := &envelopes[i]
		switch {
		case e.Op == "u":
			ids = append(ids, e.After.ID)
		case e.Op == "d":
			ids = append(ids, e.Before.ID)
		default:
			continue
		}
		keys = append(keys, orderKey(ids[len(ids)-1]))
	}
	if ids == nil {
		return nil
	}
	found, err := w.db.MGet(ctx, keys...).Result()
	if err != nil {
		return err
	}
	for i, v := range found {
		text, _ := v.(string)
		var r row
		if parts := strings.Split(text, " "); len(parts) == 3 {
			r.customer, r.member = parts[0], parts[1]
			if r.created, err = strconv.ParseInt(parts[2], 10, 64); err != nil {
				return err
			}
		}
		steps[ids[i]] = step{was: r, is: r}
	}
	return nil
}

func customerKey(name string) string { return "customer:" + name }

func orderKey(id int64) string { return "order:" + strconv.FormatInt(id, 10) }
