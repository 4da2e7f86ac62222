package kafka

import (
	"context"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func partitionName(topic string, partition int32) string {
	return fmt.Sprintf("%s/%d", topic, partition)
}

// begin says where the partitions of topics are to be read from: where they were left, else from the first record there is, or, of rows with start = 'latest', behind the last. A topic
// whose partitions were all new yesterday may have more of them today: they are read from their first record.
func (c *cluster) begin(ctx context.Context, topics []foundTopic, from engine.Positions) (parts []engine.Partition, places []place, err error) {
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.name
	}
	first, err := c.admin.ListStartOffsets(ctx, names...)
	if err == nil {
		err = first.Error()
	}
	if err != nil {
		return nil, nil, c.unreachable(err)
	}
	last := first
	if c.latest && from == nil {
		if last, err = c.admin.ListCommittedOffsets(ctx, names...); err == nil {
			err = last.Error()
		}
		if err != nil {
			return nil, nil, c.unreachable(err)
		}
	}
	var gaps []engine.Gap
	for _, t := range topics {
		for n := range int32(t.partitions) {
			p := place{topicPartition: topicPartition{t.name, n}, role: t.role, mark: t.mark}
			name := partitionName(t.name, n)
			part := engine.Partition{Name: name, Role: t.role}
			at, known := from[name]
			another := known && at.Mark != 0 && t.mark != 0 && at.Mark != t.mark
			switch {
			case another && t.role == rows:
				gaps = append(gaps, engine.Gap{Partition: name, From: at.Offset, To: engine.Position{Mark: t.mark}, Why: madeAgain(t.name)})
			case known && !another:
				p.next = at.Offset
			case t.role == rows:
				p.next = offsetOf(last, t.name, n)
				part.MidStream = p.next > 0 && from == nil
			default:
				p.next = offsetOf(first, t.name, n)
			}
			part.Begin = engine.Position{Offset: p.next, Mark: p.mark}
			parts, places = append(parts, part), append(places, p)
		}
	}
	if gaps != nil {
		return nil, nil, gapError(gaps...)
	}
	return parts, places, nil
}

func offsetOf(list kadm.ListedOffsets, topic string, partition int32) int64 {
	o, _ := list.Lookup(topic, partition)
	return max(o.Offset, 0)
}

// checkPlaces makes sure that the partitions have what is to be read next. Those that are not of rows go on from what they have: what is lost of them is made up for by time.
func (c *cluster) checkPlaces(ctx context.Context, places []place) error {
	var names []string
	for _, p := range places {
		names = append(names, p.topic)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	first, err := c.admin.ListStartOffsets(ctx, names...)
	if err == nil {
		err = first.Error()
	}
	if err != nil {
		return c.unreachable(err)
	}
	last, err := c.admin.ListEndOffsets(ctx, names...)
	if err == nil {
		err = last.Error()
	}
	if err != nil {
		return c.unreachable(err)
	}
	var gaps []engine.Gap
	for i := range places {
		p := &places[i]
		gap := engine.Gap{Partition: partitionName(p.topic, p.partition), From: p.next}
		switch start, end := offsetOf(first, p.topic, p.partition), offsetOf(last, p.topic, p.partition); {
		case p.next < start:
			gap.To, gap.Why = engine.Position{Offset: start, Mark: p.mark}, "they have been deleted, by the topic's retention or by hand"
		case p.next > end:
			gap.To, gap.Why = engine.Position{Offset: end, Mark: p.mark}, fmt.Sprintf("the partition ends at offset %d, it was cut or made again", end)
		default:
			continue
		}
		if p.role != rows {
			p.next = offsetOf(first, p.topic, p.partition)
			continue
		}
		gaps = append(gaps, gap)
	}
	if gaps == nil {
		return nil
	}
	return gapError(gaps...)
}

// gapError is the error of records that are gone.
func gapError(gaps ...engine.Gap) error {
	lost := &engine.GapError{Gaps: gaps}
	e := types.Errorf(types.CodeInvalidSource, "%v", lost)
	e.Err = lost
	return e
}
