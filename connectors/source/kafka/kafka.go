// Package kafka reads the topics of a Kafka cluster as a source: those of a table's changes, and, where the source is Debezium, those of its transactions and heartbeats.
//
// Invariants:
//
//  1. Nothing is skipped. Partitions are assigned, not balanced by a group, and read from the places that the engine has made durable. A place that a partition does not have any more, or
//     not yet, a topic that is another one of the same name, or a log that was cut, is an error that names the partition and the offsets (*engine.GapError); no offset is ever reset.
//  2. Only committed records are read. A partition whose stable end is behind its end, because a Kafka transaction hangs, is not at its end.
//  3. What is said of a partition's end was true when the broker was asked, and everything before that end has been returned.
//
// Reading order: options.go, connect.go (from options to a client, and why it fails), reader.go (one Read), watch.go (what the brokers are asked beside it), topics.go.
package kafka

import (
	"context"
	"time"

	"github.com/asofdb/asof/engine"
)

// Connector returns the source connector for connector = 'kafka'.
//
//	brokers            addresses, comma-separated
//	topic              the topic of the table's changes
//	topics             of an origin instead: a pattern of the topics of its tables, as 'shop.public.*'; the table's is the one that ends with its name
//	start              'earliest' (the default) or 'latest', where nothing has been read yet
//	transaction_topic  Debezium's BEGIN and END; by default PREFIX.transaction where it exists; 'none' for none
//	heartbeat_topic    Debezium's heartbeats; by default __debezium-heartbeat.PREFIX where it exists; 'none' for none
//	tls, tls_ca, tls_cert, tls_key, sasl_mechanism, sasl_username, sasl_password
func Connector() engine.SourceConnector {
	return engine.SourceConnector{
		Options: optionNames,
		Secrets: []string{"sasl_password"},
		Paths:   []string{"tls_ca", "tls_cert", "tls_key"},
		Live:    true,
		Timed:   true,
		Check: func(with map[string]string) error {
			o, err := readOptions(with)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(context.Background(), checkTimeout)
			defer cancel()
			c, err := o.connect(ctx)
			if err != nil {
				return err
			}
			defer c.close()
			_, err = c.find(ctx)
			return err
		},
		Open: func(ctx context.Context, with map[string]string, from engine.Positions) (engine.Reader, error) {
			o, err := readOptions(with)
			if err != nil {
				return nil, err
			}
			return newReader(ctx, o, from)
		},
	}
}

// checkTimeout is how long brokers may take to answer a statement that declares a source.
const checkTimeout = 10 * time.Second
