package pgwire

import (
	"net"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/xdg-go/scram"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Authenticator knows the users and what their passwords are checked against.
type Authenticator interface {
	// HasUsers reports whether anybody has to prove who he is. It may change at any time.
	HasUsers() bool
	// Verifier is a user's. That of somebody who does not exist is one that no password matches, always the same, so that nobody learns who exists.
	Verifier(user string) engine.Verifier
}

const (
	mechanism = "SCRAM-SHA-256"
	maxSASL   = 1024 // PostgreSQL's PG_MAX_SASL_MESSAGE_LENGTH
)

// authenticate lets the client in, or not.
func (c *conn) authenticate(user string) error {
	if c.srv.options.RequireTLS && !c.isTLS() && !isLoopback(c.sock.RemoteAddr()) {
		return types.Errorf(codeInvalidUser, "connections from %s must be encrypted", c.sock.RemoteAddr()).WithHint("connect with sslmode=require")
	}
	users := c.srv.options.Users
	if users == nil || !users.HasUsers() {
		return nil
	}
	ok, err := c.scram(users.Verifier(user))
	if err != nil {
		return err
	}
	if !ok {
		c.srv.logger.Warn("password authentication failed", "user", user, "from", c.sock.RemoteAddr())
		return types.Errorf(codeBadPassword, "password authentication failed for user \"%s\"", user)
	}
	return nil
}

// scram has the client prove that it knows the password, and proves to it that we know the verifier.
func (c *conn) scram(v engine.Verifier) (ok bool, err error) {
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { // libpq says no name there
		return scram.StoredCredentials{KeyFactors: scram.KeyFactors{Salt: string(v.Salt), Iters: v.Iterations}, StoredKey: v.StoredKey, ServerKey: v.ServerKey}, nil
	})
	if err != nil {
		return false, err
	}
	talk := server.NewConversation()
	c.say(&pgproto3.AuthenticationSASL{AuthMechanisms: []string{mechanism}})
	body, err := c.password()
	if err != nil {
		return false, err
	}
	var first pgproto3.SASLInitialResponse
	if err := first.Decode(body); err != nil {
		return false, types.Errorf(codeProtocol, "malformed SASL message")
	}
	if first.AuthMechanism != mechanism {
		return false, types.Errorf(codeProtocol, "client selected an invalid SASL authentication mechanism").WithHint("the server has %s", mechanism)
	}
	answer, err := talk.Step(string(first.Data))
	if err != nil {
		return false, types.Errorf(codeProtocol, "malformed SCRAM message").WithHint("the server has SCRAM-SHA-256 without channel binding")
	}
	c.say(&pgproto3.AuthenticationSASLContinue{Data: []byte(answer)})
	if body, err = c.password(); err != nil {
		return false, err
	}
	answer, err = talk.Step(string(body))
	if err != nil || !talk.Valid() {
		return false, nil
	}
	c.out.send(&pgproto3.AuthenticationSASLFinal{Data: []byte(answer)})
	return true, nil
}

func (c *conn) say(m pgproto3.BackendMessage) {
	c.out.send(m)
	c.out.flush()
}

// password reads one message of the client's part.
func (c *conn) password() ([]byte, error) {
	kind, body, err := c.in.next(0) // the startup's deadline holds
	switch {
	case err != nil:
		return nil, errQuiet
	case kind != 'p':
		return nil, types.Errorf(codeProtocol, "expected SASL response, got message type %d", kind)
	case len(body) > maxSASL:
		return nil, types.Errorf(codeProtocol, "SASL message is too long")
	}
	return body, nil
}

func isLoopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
