package kafka

import (
	"encoding/binary"
	"hash/fnv"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/asofdb/asof/engine"
)

type role = engine.PartitionRole

const (
	rows         = engine.RowPartition
	transactions = engine.TransactionPartition
	heartbeats   = engine.HeartbeatPartition
)

// Debezium's names of the topics beside those of tables, for the topic.prefix that table topics begin with.
const (
	transactionSuffix = ".transaction"
	heartbeatPrefix   = "__debezium-heartbeat."
)

// wanted are the topics to look for: the table's, and those that are named or may be the server's, the longest prefix first. PREFIX.SCHEMA.TABLE does not tell where PREFIX, which may have
// dots in it, ends.
func (o *options) wanted() []string {
	names := []string{o.topic}
	if o.transactions != "" && o.transactions != none {
		names = append(names, o.transactions)
	}
	if o.heartbeats != "" && o.heartbeats != none {
		names = append(names, o.heartbeats)
	}
	for prefix := o.topic; o.debezium; {
		end := strings.LastIndexByte(prefix, '.')
		if end <= 0 {
			break
		}
		prefix = prefix[:end]
		if o.transactions == "" {
			names = append(names, prefix+transactionSuffix)
		}
		if o.heartbeats == "" {
			names = append(names, heartbeatPrefix+prefix)
		}
	}
	return names
}

func (o *options) roleOf(topic string) role {
	switch {
	case topic == o.topic:
		return rows
	case topic == o.transactions:
		return transactions
	case topic == o.heartbeats || strings.HasPrefix(topic, heartbeatPrefix):
		return heartbeats
	default:
		return transactions
	}
}

// markOf is a topic's id in the engine's positions: a topic that was deleted and made again has another. Brokers older than 2.8 give none.
func markOf(id kadm.TopicID) uint64 {
	if id == (kadm.TopicID{}) {
		return 0
	}
	h := fnv.New64a()
	h.Write(id[:])
	return binary.BigEndian.Uint64(h.Sum(nil)) | 1 // 0 is for none
}
