package kafka

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/sql/types"
)

// cluster is a connection for asking the brokers.
type cluster struct {
	*options
	client *kgo.Client
	admin  *kadm.Client
}

// topicsKept is how long the client may answer from what it knows of topics. Its own 5 s would let partitions and topics that are new be found that much later.
const topicsKept = topicsEvery / 2

// connect makes sure that a broker answers.
func (o *options) connect(ctx context.Context) (*cluster, error) {
	client, err := kgo.NewClient(append(o.client(), kgo.MetadataMinAge(topicsKept))...)
	if err != nil {
		return nil, types.Errorf(types.CodeInvalidParameter, "the Kafka client cannot be made: %v", err)
	}
	if err := client.Ping(ctx); err != nil {
		client.Close()
		return nil, o.unreachable(err)
	}
	return &cluster{options: o, client: client, admin: kadm.NewClient(client)}, nil
}

func (c *cluster) close() { c.client.Close() }

// unreachable says why no broker answers, and what to look at.
func (o *options) unreachable(err error) error {
	e := types.Errorf(types.CodeConnection, "no broker at %s answers: %v", strings.Join(o.brokers, ", "), err)
	e.Err = err
	var early *kgo.ErrFirstReadEOF
	text := err.Error()
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed) || errors.Is(err, kerr.IllegalSaslState) || errors.Is(err, kerr.UnsupportedSaslMechanism) || strings.Contains(text, "SASL"):
		return e.WithHint("look at sasl_mechanism, sasl_username and the secret of sasl_password")
	case strings.Contains(text, "x509") || strings.Contains(text, "tls:"):
		return e.WithHint("look at tls, tls_ca, tls_cert and tls_key: the broker's certificate must be of a known authority and have the name of the address")
	case (errors.As(err, &early) || strings.Contains(text, "EOF")) && o.sasl != nil:
		return e.WithHint("the broker closed the connection at once: look at sasl_mechanism, sasl_username and the secret of sasl_password, and whether it wants TLS (tls = 'true')")
	case errors.As(err, &early) || strings.Contains(text, "EOF"):
		return e.WithHint("the broker closed the connection at once: it may want TLS (tls = 'true') or SASL (sasl_mechanism)")
	default:
		return e.WithHint("look at the option brokers, and whether the addresses that the brokers advertise can be reached from here")
	}
}

// found is what there is to read.
type found struct {
	topics []foundTopic // the table's first
}

type foundTopic struct {
	name       string
	role       role
	mark       uint64
	partitions int
}

// find looks for the topics.
func (c *cluster) find(ctx context.Context) (*found, error) {
	if c.topic == "" {
		if err := c.findTable(ctx); err != nil {
			return nil, err
		}
		if c.topic == "" { // an origin, which reads nothing by itself
			return &found{}, nil
		}
	}
	details, err := c.admin.ListTopics(ctx, c.wanted()...)
	if err != nil {
		return nil, c.unreachable(err)
	}
	f := &found{}
	for _, name := range c.wanted() {
		d := details[name]
		r := c.roleOf(name)
		switch {
		case d.Err == nil && r == transactions && len(d.Partitions) > 1 && name != c.transactions:
			// What was not asked for is not of use: BEGIN and END are in no order in it.
		case d.Err == nil && r == transactions && len(d.Partitions) > 1:
			return nil, types.Errorf(types.CodeInvalidSource, "the topic of transactions %q has %d partitions: BEGIN and END are in no order in it", name, len(d.Partitions)).
				WithHint("give it one partition (topic.creation.<group>.partitions, with a group for it), or leave the option away: then a transaction is taken for whole after close_after of silence, or when a later one follows")
		case d.Err == nil && len(d.Partitions) > 0:
			if !slices.ContainsFunc(f.topics, func(t foundTopic) bool { return t.role == r && r != rows }) { // the longest prefix wins
				f.topics = append(f.topics, foundTopic{name, r, markOf(d.ID), len(d.Partitions)})
			}
		case r == rows || name == c.transactions || name == c.heartbeats:
			return nil, c.noTopic(ctx, name, d.Err)
		}
	}
	return f, nil
}

// findTable finds the topic of a table among those of its origin; of the origin itself, whether there are any.
func (c *cluster) findTable(ctx context.Context) error {
	all, err := c.admin.ListTopics(ctx)
	if err != nil {
		return c.unreachable(err)
	}
	var fitting, found []string
	for _, name := range all.Names() {
		if ok, _ := path.Match(c.topics, name); ok {
			fitting = append(fitting, name)
			if strings.HasSuffix(name, "."+c.table) {
				found = append(found, name)
			}
		}
	}
	switch {
	case len(fitting) == 0:
		return types.Errorf(types.CodeUndefinedObject, "no topic fits %q", c.topics).WithHint("there are: %s", strings.Join(all.Names()[:min(len(all), 20)], ", "))
	case c.table == "" || len(found) == 1:
		c.topic = strings.Join(found, "")
		return nil
	case len(found) > 1:
		return types.Errorf(types.CodeInvalidParameter, "several topics are of a table %s: %s", c.table, strings.Join(found, ", ")).WithHint("write the table's schema too, or a narrower pattern of topics")
	}
	return types.Errorf(types.CodeUndefinedObject, "no topic that fits %q is of a table %s", c.topics, c.table).WithHint("there are: %s", strings.Join(fitting[:min(len(fitting), 20)], ", "))
}

// noTopic says that a topic cannot be read, and which there are.
func (c *cluster) noTopic(ctx context.Context, name string, err error) error {
	if err != nil && !errors.Is(err, kerr.UnknownTopicOrPartition) {
		e := types.Errorf(types.CodeInvalidSource, "topic %q cannot be read: %v", name, err)
		e.Err = err
		return e.WithHint("the user needs the rights to describe and to read the topic")
	}
	e := types.Errorf(types.CodeUndefinedObject, "there is no topic %q", name)
	var names []string
	if all, err := c.admin.ListTopics(ctx); err == nil {
		names = all.Names()
	}
	if len(names) == 0 {
		return e.WithHint("the cluster shows no topics: a connector makes them with their first record")
	}
	return e.WithHint("there are: %s", strings.Join(names[:min(len(names), 20)], ", "))
}
