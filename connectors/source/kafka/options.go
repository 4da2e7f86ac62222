package kafka

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/asofdb/asof/sql/types"
)

var optionNames = []string{
	"brokers", "topic", "topics", "start", "transaction_topic", "heartbeat_topic",
	"tls", "tls_ca", "tls_cert", "tls_key", "sasl_mechanism", "sasl_username", "sasl_password",
}

// options are a Kafka source's options, read.
type options struct {
	brokers []string
	// topic is the table's; where the options name a pattern, it is the one of table among topics, "" before it was found.
	topic         string
	topics, table string
	latest        bool
	// transactions and heartbeats name topics; "" means that they are to be found.
	transactions, heartbeats string
	debezium                 bool
	tls                      *tls.Config
	sasl                     sasl.Mechanism
}

// none is the value of an option that names a topic which is not to be read.
const none = "none"

func readOptions(with map[string]string) (*options, error) {
	o := &options{topic: with["topic"], topics: with["topics"], table: with["table"], transactions: with["transaction_topic"], heartbeats: with["heartbeat_topic"], debezium: strings.HasPrefix(with["__format"], "DEBEZIUM")}
	for b := range strings.SplitSeq(with["brokers"], ",") {
		if b = strings.TrimSpace(b); b != "" {
			o.brokers = append(o.brokers, b)
		}
	}
	if len(o.brokers) == 0 {
		return nil, types.Errorf(types.CodeInvalidParameter, "a Kafka source needs the option brokers").WithHint("WITH (connector = 'kafka', brokers = 'localhost:9092', topic = 'shop.public.orders')")
	}
	for _, b := range o.brokers {
		if host, port, err := net.SplitHostPort(b); strings.Contains(b, ":") && (err != nil || host == "" || !isPort(port)) {
			return nil, types.Errorf(types.CodeInvalidParameter, "brokers: %q is no address", b).WithHint("write host:port, and several separated by commas")
		}
	}
	if _, err := path.Match(o.topics, ""); err != nil {
		return nil, types.Errorf(types.CodeInvalidParameter, "topics = %q is no pattern: %v", o.topics, err).WithHint("as in 'shop.public.*'")
	}
	if o.topic != "" && o.topics != "" {
		return nil, types.Errorf(types.CodeInvalidParameter, "topic and topics exclude each other").WithHint("topic is for a source, topics for an origin of several")
	}
	if o.topic == "" && o.topics == "" {
		return nil, types.Errorf(types.CodeInvalidParameter, "a Kafka source needs the option topic").WithHint("topic = 'shop.public.orders', the topic that has the table's changes")
	}
	switch with["start"] {
	case "", "earliest":
	case "latest":
		o.latest = true
	default:
		return nil, types.Errorf(types.CodeInvalidParameter, "option start cannot be %q", with["start"]).WithHint("it is 'earliest' or 'latest'")
	}
	var err error
	if o.tls, err = readTLS(with); err != nil {
		return nil, err
	}
	o.sasl, err = readSASL(with)
	return o, err
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// readTLS reads how connections are encrypted; nil where they are not. A CA or a certificate asks for it.
func readTLS(with map[string]string) (*tls.Config, error) {
	on := with["tls_ca"] != "" || with["tls_cert"] != "" || with["tls_key"] != ""
	if v, ok := with["tls"]; ok {
		said, err := strconv.ParseBool(v)
		if err != nil {
			return nil, types.Errorf(types.CodeInvalidParameter, "tls = %q is neither true nor false", v)
		}
		if on && !said {
			return nil, types.Errorf(types.CodeInvalidParameter, "tls = 'false' and a certificate contradict each other").WithHint("leave tls, or tls_ca, tls_cert and tls_key away")
		}
		on = said
	}
	if !on {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if path := with["tls_ca"]; path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, types.Errorf(types.CodeBadFile, "tls_ca cannot be read: %v", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, types.Errorf(types.CodeInvalidParameter, "tls_ca: %s has no certificate in PEM", path)
		}
	}
	if (with["tls_cert"] == "") != (with["tls_key"] == "") {
		return nil, types.Errorf(types.CodeInvalidParameter, "tls_cert and tls_key belong together").WithHint("give both, or neither where the brokers ask for no client certificate")
	}
	if with["tls_cert"] != "" {
		pair, err := tls.LoadX509KeyPair(with["tls_cert"], with["tls_key"])
		if err != nil {
			return nil, types.Errorf(types.CodeBadFile, "tls_cert and tls_key cannot be used: %v", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

func readSASL(with map[string]string) (sasl.Mechanism, error) {
	name, password := with["sasl_username"], with["sasl_password"]
	switch mechanism := strings.ToUpper(with["sasl_mechanism"]); {
	case mechanism == "" && name == "" && password == "":
		return nil, nil
	case name == "" || password == "":
		return nil, types.Errorf(types.CodeInvalidParameter, "SASL needs sasl_username and sasl_password").WithHint("CREATE SECRET kafka_pw AS '…', and then sasl_username = 'asof', sasl_password = SECRET kafka_pw")
	case mechanism == "PLAIN":
		return plain.Auth{User: name, Pass: password}.AsMechanism(), nil
	case mechanism == "SCRAM-SHA-256":
		return scram.Auth{User: name, Pass: password}.AsSha256Mechanism(), nil
	case mechanism == "SCRAM-SHA-512":
		return scram.Auth{User: name, Pass: password}.AsSha512Mechanism(), nil
	default:
		return nil, types.Errorf(types.CodeInvalidParameter, "option sasl_mechanism cannot be %q", with["sasl_mechanism"]).WithHint("it is 'PLAIN', 'SCRAM-SHA-256' or 'SCRAM-SHA-512'")
	}
}

// client are what every client of the cluster is made with.
func (o *options) client() []kgo.Opt {
	list := []kgo.Opt{kgo.SeedBrokers(o.brokers...), kgo.ClientID("asof")}
	if o.tls != nil {
		list = append(list, kgo.DialTLSConfig(o.tls.Clone()))
	}
	if o.sasl != nil {
		list = append(list, kgo.SASL(o.sasl))
	}
	return list
}
