package pgwire

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// What a startup packet's code may be.
const (
	requestCancel = 80877102
	requestTLS    = 80877103
	requestGSS    = 80877104
	protocolMajor = 3
	newestMinor   = 2 // which brings longer keys for cancel requests
)

const (
	maxStartup     = 10_000 // PostgreSQL's MAX_STARTUP_PACKET_LENGTH
	alpn           = "postgresql"
	tlsHandshake   = 0x16 // the first byte of a client that begins with TLS at once
	reservedPrefix = "_pq_."
)

// errQuiet ends a connection that is told nothing.
var errQuiet = errors.New("the connection ends")

// greeting is what a client says of itself.
type greeting struct {
	minor    uint32
	settings [][2]string // in the order sent
}

func (g *greeting) value(name string) string {
	for _, s := range g.settings {
		if s[0] == name {
			return s[1]
		}
	}
	return ""
}

// startup goes on until the client is known and has its session.
func (c *conn) startup() error {
	_ = c.sock.SetReadDeadline(time.Now().Add(c.srv.options.StartupTimeout))
	g, err := c.greet()
	if err != nil {
		return err
	}
	user := g.value("user")
	if user == "" {
		return types.Errorf(codeInvalidUser, "no PostgreSQL user name specified in startup packet")
	}
	if r := g.value("replication"); r != "" && r != "false" && r != "off" && r != "no" && r != "0" {
		return types.Errorf(types.CodeNotSupported, "replication is not supported").WithHint("read with SELECT or COPY")
	}
	if err := c.authenticate(user); err != nil {
		return err
	}
	key := 4
	if g.minor >= newestMinor {
		key = 32
	}
	if !c.srv.admit(c, key) {
		return types.Errorf(codeTooMany, "sorry, too many clients already").WithHint("the server takes %d at once", c.srv.options.MaxConnections)
	}
	database := g.value("database")
	if database == "" {
		database = user
	}
	c.session = c.srv.eng.NewSessionWith(engine.SessionOptions{User: user, Database: database, Door: "postgres", Notice: c.hear, Progress: func(engine.Progress) {}})
	if err := c.settle(g); err != nil {
		return err
	}
	c.out.send(&pgproto3.AuthenticationOk{})
	c.report()
	c.out.send(&pgproto3.BackendKeyData{ProcessID: c.id, SecretKey: c.key})
	c.in.limit = maxMessage
	_ = c.sock.SetReadDeadline(time.Time{})
	return nil
}

// greet reads startup packets until one says who is there.
func (c *conn) greet() (*greeting, error) {
	if first, err := c.in.r.Peek(1); err != nil {
		return nil, errQuiet
	} else if first[0] == tlsHandshake && c.srv.options.TLS != nil {
		if err := c.encrypt(); err != nil {
			return nil, err
		}
		if c.sock.(*tls.Conn).ConnectionState().NegotiatedProtocol != alpn {
			return nil, errQuiet
		}
	}
	for askedTLS, askedGSS := false, false; ; {
		code, body, err := c.packet()
		if err != nil {
			return nil, errQuiet
		}
		switch {
		case code == requestCancel && len(body) >= 8:
			c.srv.cancel(binary.BigEndian.Uint32(body), body[4:])
			return nil, errQuiet
		case code == requestTLS && !askedTLS:
			askedTLS = true
			if err := c.answerTLS(); err != nil {
				return nil, err
			}
		case code == requestGSS && !askedGSS:
			askedGSS = true
			if _, err := c.sock.Write([]byte{'N'}); err != nil {
				return nil, errQuiet
			}
		case code>>16 == protocolMajor:
			return c.greeted(code&0xffff, body)
		case code == requestTLS || code == requestGSS || code == requestCancel:
			return nil, errQuiet
		default:
			return nil, types.Errorf(types.CodeNotSupported, "unsupported frontend protocol %d.%d: server supports %d.0 to %d.%d", code>>16, code&0xffff,
				protocolMajor, protocolMajor, newestMinor)
		}
	}
}

// packet reads one startup packet.
func (c *conn) packet() (code uint32, body []byte, err error) {
	head, err := c.in.bytes(4)
	if err != nil {
		return 0, nil, err
	}
	n := int(int32(binary.BigEndian.Uint32(head))) - 4
	if n < 4 || n > maxStartup {
		return 0, nil, &frameError{"invalid length of startup packet"}
	}
	b, err := c.in.bytes(n)
	if err != nil {
		return 0, nil, err
	}
	return binary.BigEndian.Uint32(b), bytes.Clone(b[4:]), nil
}

// answerTLS answers an SSLRequest. Bytes that came behind it would be taken for the inside of TLS: somebody on the way could have added them.
func (c *conn) answerTLS() error {
	if c.isTLS() || c.srv.options.TLS == nil {
		if _, err := c.sock.Write([]byte{'N'}); err != nil {
			return errQuiet
		}
		return nil
	}
	if c.in.waiting() {
		return types.Errorf(codeProtocol, "received unencrypted data after SSL request").WithHint("this could be either a client-software bug or evidence of an attempted man-in-the-middle attack")
	}
	if _, err := c.sock.Write([]byte{'S'}); err != nil {
		return errQuiet
	}
	return c.encrypt()
}

// encrypt goes on with TLS; a byte of the handshake may have been looked at.
func (c *conn) encrypt() error {
	config := c.srv.options.TLS.Clone()
	config.NextProtos = []string{alpn}
	t := tls.Server(seen{c.sock, c.in}, config)
	if err := t.Handshake(); err != nil {
		return errQuiet
	}
	c.sock = t
	c.in = newInput(t)
	c.out.conn = t
	return nil
}

// seen is a socket of which in has read the first bytes.
type seen struct {
	net.Conn
	in *input
}

func (s seen) Read(p []byte) (int, error) {
	if s.in.waiting() {
		return s.in.r.Read(p)
	}
	return s.Conn.Read(p)
}

func (c *conn) isTLS() bool {
	_, ok := c.sock.(*tls.Conn)
	return ok
}

// greeted reads the parameters of a startup packet.
func (c *conn) greeted(minor uint32, body []byte) (*greeting, error) {
	g := &greeting{minor: min(minor, newestMinor)}
	var unknown []string
	for {
		name, rest, ok := bytes.Cut(body, []byte{0})
		if !ok {
			return nil, types.Errorf(codeProtocol, "invalid startup packet layout: expected terminator as last byte")
		}
		if len(name) == 0 {
			break
		}
		value, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return nil, types.Errorf(codeProtocol, "invalid startup packet layout: expected terminator as last byte")
		}
		if strings.HasPrefix(string(name), reservedPrefix) {
			unknown = append(unknown, string(name))
		} else {
			g.settings = append(g.settings, [2]string{string(name), string(value)})
		}
		body = rest
	}
	if minor > newestMinor || len(unknown) > 0 {
		c.out.send(&pgproto3.NegotiateProtocolVersion{NewestMinorProtocol: min(minor, newestMinor), UnrecognizedOptions: unknown})
	}
	return g, nil
}

// settle gives the session the settings that came with the startup packet.
func (c *conn) settle(g *greeting) error {
	for _, s := range g.settings {
		var err error
		switch s[0] {
		case "user", "database", "replication":
		case "options":
			err = c.settleOptions(s[1])
		default:
			err = c.session.SetDefault(s[0], s[1])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleOptions reads options as for PostgreSQL's command line: -c name=value, -cname=value and --name=value; a backslash keeps the next character.
func (c *conn) settleOptions(options string) error {
	words := splitOptions(options)
	for i := 0; i < len(words); i++ {
		w := words[i]
		switch {
		case w == "-c" && i+1 < len(words):
			i++
			w = words[i]
		case strings.HasPrefix(w, "-c"):
			w = w[2:]
		case strings.HasPrefix(w, "--"):
			w = w[2:]
		default:
			return types.Errorf(types.CodeSyntax, "invalid command-line argument for server process: %s", w).WithHint("options are -c name=value")
		}
		name, value, ok := strings.Cut(w, "=")
		if !ok {
			return types.Errorf(types.CodeSyntax, "-c %s requires a value", w).WithHint("options are -c name=value")
		}
		if err := c.session.SetDefault(strings.ReplaceAll(name, "-", "_"), value); err != nil {
			return err
		}
	}
	return nil
}

func splitOptions(s string) (words []string) {
	var b strings.Builder
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
			in = true
		case s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r':
			if in {
				words = append(words, b.String())
				b.Reset()
				in = false
			}
		default:
			b.WriteByte(s[i])
			in = true
		}
	}
	if in {
		words = append(words, b.String())
	}
	return words
}

// constants are the reported parameters that no session changes, where it does not know them itself.
var constants = map[string]string{
	"server_encoding": "UTF8", "client_encoding": "UTF8", "DateStyle": "ISO, MDY", "IntervalStyle": "postgres", "integer_datetimes": "on",
	"standard_conforming_strings": "on", "is_superuser": "on", "in_hot_standby": "off", "default_transaction_read_only": "off",
}

// reported are the parameters that a client is told, and told again when they change.
var reported = []string{
	"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes", "IntervalStyle",
	"is_superuser", "server_encoding", "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
}

// report tells the client the reported parameters that it does not know yet.
func (c *conn) report() {
	for i, name := range reported {
		v, ok := c.session.Setting(name)
		switch {
		case name == "server_version":
			v = fmt.Sprintf("15.0 (asof %s)", c.srv.options.Version)
		case !ok:
			v = constants[name]
		}
		if !c.told[i].ok || c.told[i].value != v {
			c.told[i].ok, c.told[i].value = true, v
			c.out.send(&pgproto3.ParameterStatus{Name: name, Value: clean(v)})
		}
	}
}
