package resp

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// redisVersion is the version of Redis whose commands and words these are: what clients that look at it expect.
const redisVersion = "7.0.15"

const (
	noAuth    = "NOAUTH Authentication required."
	wrongPass = "WRONGPASS invalid username-password pair or user is disabled."
)

func connectionCommands() []command {
	return []command{
		{name: "hello", arity: -1, run: hello, open: true, help: "Chooses the protocol, 2 or 3, and may authenticate and name the connection."},
		{name: "auth", arity: -2, run: auth, open: true, help: "Authenticates the connection; without a name as default."},
		{name: "client", arity: -2, run: client, help: "Names and lists connections."},
		{name: "ping", arity: -1, run: ping, help: "PONG, or the argument."},
		{name: "echo", arity: 2, run: func(c *conn, _ moment, args [][]byte) { c.out.bulk(string(args[0])) }, help: "The argument."},
		{name: "select", arity: 2, run: selectDB, help: "There is one database, 0."},
		{name: "reset", arity: 1, run: reset, open: true, now: true, help: "Makes the connection as it was when it was new."},
		{name: "quit", arity: -1, run: quit, open: true, now: true, help: "Closes the connection."},
	}
}

func ping(c *conn, _ moment, args [][]byte) {
	switch len(args) {
	case 0:
		c.out.status("PONG")
	case 1:
		c.out.bulk(string(args[0]))
	default:
		c.out.error(wrongArity("ping"))
	}
}

func selectDB(c *conn, _ moment, args [][]byte) {
	switch n, err := strconv.ParseInt(string(args[0]), 10, 32); {
	case err != nil:
		c.out.error("ERR value is not an integer or out of range")
	case n != 0:
		c.out.error("ERR DB index is out of range")
	default:
		c.out.status("OK")
	}
}

func reset(c *conn, _ moment, _ [][]byte) {
	c.forget()
	c.out.status("RESET")
}

func quit(c *conn, _ moment, _ [][]byte) {
	c.out.status("OK")
	c.quit = true
}

func auth(c *conn, _ moment, args [][]byte) {
	name, password := "default", string(args[0])
	if len(args) == 2 {
		name, password = password, string(args[1])
	}
	switch {
	case len(args) > 2:
		c.out.error("ERR syntax error")
	case !c.srv.eng.HasUsers() && len(args) == 1:
		c.out.error("ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
	case !c.authenticate(name, password):
		c.out.error(wrongPass)
	default:
		c.out.status("OK")
	}
}

// authenticate lets a user in, whoever was before.
func (c *conn) authenticate(name, password string) bool {
	if !c.srv.eng.HasUsers() {
		return name == "default" // as in Redis, he has no password, so that any is right
	}
	if !c.srv.eng.CheckPassword(name, password) {
		c.srv.options.Logger.Warn("a Redis client was refused", "user", name, "address", c.nc.RemoteAddr().String())
		return false
	}
	c.become(name)
	c.in.stranger = false
	return true
}

// hello answers HELLO [version [AUTH name password] [SETNAME name]].
func hello(c *conn, _ moment, args [][]byte) {
	version := c.out.resp
	if len(args) > 0 {
		n, err := strconv.ParseInt(string(args[0]), 10, 64)
		switch {
		case err != nil:
			c.out.error("ERR Protocol version is not an integer or out of range")
			return
		case n != 2 && n != 3:
			c.out.error("NOPROTO unsupported protocol version")
			return
		}
		version, args = int(n), args[1:]
	}
	var name *string
	user, password, login := "", "", false
	for len(args) > 0 {
		switch word := strings.ToLower(string(args[0])); {
		case word == "auth" && len(args) >= 3:
			user, password, login = string(args[1]), string(args[2]), true
			args = args[3:]
		case word == "setname" && len(args) >= 2:
			n := string(args[1])
			if !validName(n) {
				c.out.error(badName)
				return
			}
			name, args = &n, args[2:]
		default:
			c.out.error(fmt.Sprintf("ERR Syntax error in HELLO option '%.128s'", args[0]))
			return
		}
	}
	if login && !c.authenticate(user, password) {
		c.out.error(wrongPass)
		return
	}
	if !c.trusted() {
		c.out.error("NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to " +
			"authenticate the client and select the RESP protocol version at the same time")
		return
	}
	if name != nil {
		c.setName(*name)
	}
	c.speak(version)
	c.out.pairs(7)
	c.out.bulk("server")
	c.out.bulk("asof")
	c.out.bulk("version")
	c.out.bulk(redisVersion)
	c.out.bulk("proto")
	c.out.int(int64(version))
	c.out.bulk("id")
	c.out.int(c.id)
	c.out.bulk("mode")
	c.out.bulk("standalone")
	c.out.bulk("role")
	c.out.bulk("master")
	c.out.bulk("modules")
	c.out.array(0)
}

const badName = "ERR Client names cannot contain spaces, newlines or special characters."

func validName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '!' || r > '~' })
}

func (c *conn) setName(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.name = name
}

func (c *conn) lastCommand(name string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.lastCmd = name
}

// clientCommands are the subcommands of CLIENT, with the number of words after CLIENT that they take; negative: at least.
var clientCommands = map[string]struct {
	words int
	run   func(c *conn, args [][]byte)
}{
	"id":       {1, func(c *conn, _ [][]byte) { c.out.int(c.id) }},
	"getname":  {1, func(c *conn, _ [][]byte) { c.showName() }},
	"setname":  {2, setName},
	"setinfo":  {3, setInfo},
	"info":     {1, func(c *conn, _ [][]byte) { c.out.verbatim(c.line() + "\n") }},
	"list":     {-1, clientList},
	"no-evict": {2, onOff},
	"no-touch": {2, onOff},
	"getredir": {1, func(c *conn, _ [][]byte) { c.out.int(-1) }},
	"tracking": {-2, func(c *conn, args [][]byte) {
		if strings.EqualFold(string(args[0]), "off") {
			c.out.status("OK")
			return
		}
		c.out.error("ERR CLIENT TRACKING is not supported: values change as time passes, so that a client's copy is never known to be current")
	}},
	"help": {1, func(c *conn, _ [][]byte) {
		lines := []string{"CLIENT <subcommand> [<arg> ...]. Subcommands are:", "GETNAME", "ID", "INFO", "LIST", "NO-EVICT (ON|OFF)", "NO-TOUCH (ON|OFF)", "SETINFO <option> <value>", "SETNAME <name>"}
		c.out.array(len(lines))
		for _, l := range lines {
			c.out.status(l)
		}
	}},
}

func client(c *conn, _ moment, args [][]byte) {
	name := strings.ToLower(string(args[0]))
	sub, ok := clientCommands[name]
	switch {
	case !ok:
		c.out.error(unknownSub("CLIENT", args[0]))
	case len(args) != sub.words && (sub.words > 0 || len(args) < -sub.words):
		c.out.error(wrongArity("client|" + name))
	default:
		sub.run(c, args[1:])
	}
}

func unknownSub(command string, sub []byte) string {
	return fmt.Sprintf("ERR unknown subcommand '%.128s'. Try %s HELP.", sub, command)
}

func (c *conn) showName() {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.name == "" {
		c.out.null()
		return
	}
	c.out.bulk(c.name)
}

func setName(c *conn, args [][]byte) {
	if !validName(string(args[0])) {
		c.out.error(badName)
		return
	}
	c.setName(string(args[0]))
	c.out.status("OK")
}

func setInfo(c *conn, args [][]byte) {
	at := 0
	switch strings.ToLower(string(args[0])) {
	case "lib-name":
	case "lib-ver":
		at = 1
	default:
		c.out.error(fmt.Sprintf("ERR Unrecognized option '%.128s'", args[0]))
		return
	}
	value := string(args[1])
	if !validName(value) {
		c.out.error(fmt.Sprintf("ERR %s cannot contain spaces, newlines or special characters.", strings.ToLower(string(args[0]))))
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	c.library[at] = value
	c.out.status("OK")
}

func onOff(c *conn, args [][]byte) {
	switch strings.ToLower(string(args[0])) {
	case "on", "off":
		c.out.status("OK")
	default:
		c.out.error("ERR syntax error")
	}
}

func clientList(c *conn, args [][]byte) {
	if len(args) > 0 {
		c.out.error("ERR syntax error")
		return
	}
	var b strings.Builder
	for _, other := range c.srv.connections() {
		if other == c || !c.srv.eng.HasUsers() || c.srv.eng.IsAdmin(c.user) {
			b.WriteString(other.line() + "\n")
		}
	}
	c.out.verbatim(b.String())
}

// line describes the connection as CLIENT LIST does.
func (c *conn) line() string {
	c.lock.Lock()
	defer c.lock.Unlock()
	now := time.Now()
	return fmt.Sprintf("id=%d addr=%s laddr=%s name=%s age=%d idle=%d flags=N db=0 cmd=%s user=%s lib-name=%s lib-ver=%s resp=%d",
		c.id, c.nc.RemoteAddr(), c.nc.LocalAddr(), c.name, int(now.Sub(c.since).Seconds()), now.Unix()-c.active.Load(), c.lastCmd, cmp.Or(c.user, "default"), c.library[0], c.library[1], c.version.Load())
}
