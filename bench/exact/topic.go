package exact

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/bench/exact/random"
	"github.com/asofdb/asof/sql/types"
)

// topic is a Kafka with the topic of the test table, to which a connector sends.
type topic struct {
	cluster    *kfake.Cluster
	client     *kgo.Client
	partitions int
	told       bool
}

const (
	tableTopic       = "shop.public.t"
	transactionTopic = "shop.transaction"
)

func newTopic(ctx context.Context, partitions int, told bool) (*topic, error) {
	opts := []kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(int32(partitions), tableTopic)}
	if told {
		opts = append(opts, kfake.SeedTopics(1, transactionTopic))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		return nil, err
	}
	p := &topic{cluster: c, partitions: partitions, told: told}
	if err := p.connect(); err != nil {
		c.Close()
		return nil, err
	}
	return p, p.client.Ping(ctx)
}

func (p *topic) connect() (err error) {
	p.client, err = kgo.NewClient(kgo.SeedBrokers(p.cluster.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	return err
}

func (p *topic) close() {
	p.client.Close()
	p.cluster.Close()
}

func (p *topic) createSource(fromEmpty bool) string {
	more := ""
	if fromEmpty {
		more = ", history = 'from_empty'"
	}
	return fmt.Sprintf("CREATE SOURCE t (%s) WITH (connector = 'kafka', brokers = '%s', topic = '%s', frontier = 'commit', idle_lag = '1500 ms', decimal_handling_mode = 'string'%s) FORMAT DEBEZIUM ENCODE JSON",
		random.ColumnList(), strings.Join(p.cluster.ListenAddrs(), ","), tableTopic, more)
}

// send writes transactions as a connector does: a row's records always go to the partition of its key.
func (p *topic) send(ctx context.Context, txs []random.Tx) error {
	var records []*kgo.Record
	for _, x := range txs {
		told := p.told && x.Ops[0].Kind != 'r'
		if told {
			records = append(records, &kgo.Record{Topic: transactionTopic, Value: []byte(x.Begin())})
		}
		for _, r := range x.Records(told) {
			k := &kgo.Record{Topic: tableTopic, Partition: int32(r.ID * 7919 % 101 % int64(p.partitions)), Key: []byte(r.Key)}
			if r.Value != "" {
				k.Value = []byte(r.Value)
			}
			records = append(records, k)
		}
		if told {
			records = append(records, &kgo.Record{Topic: transactionTopic, Value: []byte(x.End())})
		}
	}
	return p.client.ProduceSync(ctx, records...).FirstErr()
}

// addPartition adds a partition to the topic, and waits until the source reads it: what is written to it before that is as late as it is.
func (r *session) addPartition() error {
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	p := r.topic
	if _, err := kadm.NewClient(p.client).CreatePartitions(ctx, 1, tableTopic); err != nil {
		return err
	}
	name := fmt.Sprintf("%s/%d:", tableTopic, p.partitions)
	p.partitions++
	for {
		s, err := r.shown()
		if err != nil {
			return err
		}
		if strings.Contains(s["position"].S, name) {
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("partition %s is not read: %v", name, s)
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.client.Close() // it goes on with the partitions that it knows
	return p.connect()
}

// unshifted makes sure that everything became visible when it was committed.
func (r *session) unshifted() error {
	s, err := r.shown()
	if err != nil {
		return err
	}
	for _, counter := range []string{"shifted_changes", "split_transactions"} {
		if n := s[counter].I; n != 0 {
			return fmt.Errorf("%s is %d: %v", counter, n, s)
		}
	}
	return nil
}

// shown is what SHOW SOURCES says of the test table, by column.
func (r *session) shown() (map[string]types.Value, error) {
	rows, err := r.eng.Query(r.ctx, "SHOW SOURCES")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	m := map[string]types.Value{}
	if rows.Next() {
		for i, c := range rows.Columns() {
			m[c.Name] = rows.Values()[i].Clone()
		}
	}
	return m, rows.Err()
}
