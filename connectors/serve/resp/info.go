package resp

import (
	"fmt"
	"maps"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

func serverCommands() []command {
	return []command{
		{name: "info", arity: -1, run: info, help: "What the server is, for people and clients."},
		{name: "time", arity: 1, run: clock, help: "The wall clock: seconds and microseconds. AS OF is another time: see as_of."},
		{name: "command", arity: -1, run: commandInfo, help: "The commands that are answered."},
		{name: "config", arity: -2, run: config, help: "Nothing is configured here; GET returns nothing."},
		{name: "role", arity: 1, run: role, help: "master, without replicas."},
	}
}

func clock(c *conn, _ moment, _ [][]byte) {
	us := time.Now().UnixMicro()
	c.out.array(2)
	c.out.bulk(strconv.FormatInt(us/1e6, 10))
	c.out.bulk(strconv.FormatInt(us%1e6, 10))
}

func role(c *conn, _ moment, _ [][]byte) {
	c.out.array(3)
	c.out.bulk("master")
	c.out.int(0)
	c.out.array(0)
}

// info answers INFO [section …]. loading is what clients wait for: it is 0 as soon as anybody is let in.
func info(c *conn, _ moment, args [][]byte) {
	up := time.Since(c.srv.started)
	_, port, _ := net.SplitHostPort(c.nc.LocalAddr().String())
	sections := []struct {
		name  string
		lines []string
	}{
		{"Server", []string{
			"redis_version:" + redisVersion, "redis_mode:standalone", "asof_version:" + c.srv.options.Version, fmt.Sprintf("process_id:%d", os.Getpid()),
			"tcp_port:" + port, fmt.Sprintf("uptime_in_seconds:%d", int(up.Seconds())), fmt.Sprintf("uptime_in_days:%d", int(up.Hours()/24)),
		}},
		{"Clients", []string{fmt.Sprintf("connected_clients:%d", len(c.srv.connections())), fmt.Sprintf("maxclients:%d", c.srv.options.MaxConnections)}},
		{"Persistence", []string{"loading:0"}},
		{"Stats", []string{fmt.Sprintf("total_connections_received:%d", c.srv.lastID.Load()), fmt.Sprintf("total_commands_processed:%d", c.srv.commands.Load())}},
		{"Replication", []string{"role:master", "connected_slaves:0"}},
		{"Cluster", []string{"cluster_enabled:0"}},
	}
	var b strings.Builder
	for _, s := range sections {
		if !wantsSection(s.name, args) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString("# " + s.name + "\r\n" + strings.Join(s.lines, "\r\n") + "\r\n")
	}
	c.out.verbatim(b.String())
}

func wantsSection(name string, args [][]byte) bool {
	return len(args) == 0 || slices.ContainsFunc(args, func(a []byte) bool {
		switch s := strings.ToLower(string(a)); s {
		case "default", "all", "everything":
			return true
		default:
			return s == strings.ToLower(name)
		}
	})
}

func config(c *conn, _ moment, args [][]byte) {
	switch sub := strings.ToLower(string(args[0])); {
	case sub == "get" && len(args) >= 2:
		c.out.pairs(0)
	case sub == "get":
		c.out.error(wrongArity("config|get"))
	case sub == "set" || sub == "rewrite" || sub == "resetstat":
		c.out.error(fmt.Sprintf("ERR CONFIG %s is not supported: the server is configured by flags, see asof serve --help", strings.ToUpper(sub)))
	default:
		c.out.error(unknownSub("CONFIG", args[0]))
	}
}

// commandInfo answers COMMAND, which clients use to complete and to find keys.
func commandInfo(c *conn, _ moment, args [][]byte) {
	names := slices.Sorted(maps.Keys(c.srv.table))
	if len(args) == 0 {
		c.out.array(len(names))
		for _, n := range names {
			c.describe(n)
		}
		return
	}
	asked := names
	if len(args) > 1 {
		asked = nil
		for _, a := range args[1:] {
			asked = append(asked, strings.ToLower(string(a)))
		}
	}
	switch strings.ToLower(string(args[0])) {
	case "count":
		c.out.int(int64(len(names)))
	case "list":
		c.out.array(len(names))
		for _, n := range names {
			c.out.bulk(n)
		}
	case "info":
		c.out.array(len(asked))
		for _, n := range asked {
			c.describe(n)
		}
	case "docs":
		asked = slices.DeleteFunc(slices.Clone(asked), func(n string) bool { return c.srv.table[n] == nil })
		c.out.pairs(len(asked))
		for _, n := range asked {
			c.document(n)
		}
	default:
		c.out.error(unknownSub("COMMAND", args[0]))
	}
}

// describe is a command's entry in COMMAND: name, arity, flags, first key, last key, step, categories, tips, key specifications, subcommands.
func (c *conn) describe(name string) {
	cmd := c.srv.table[name]
	if cmd == nil {
		c.out.null()
		return
	}
	flags := []string{"fast"}
	if cmd.keys != noKeys {
		flags = append(flags, "readonly")
	}
	first, last := 0, 0
	switch cmd.keys {
	case firstKey:
		first, last = 1, 1
	case allKeys:
		first, last = 1, -1
	}
	c.out.array(10)
	c.out.bulk(cmd.name)
	c.out.int(int64(cmd.arity))
	c.out.array(len(flags))
	for _, f := range flags {
		c.out.status(f)
	}
	c.out.int(int64(first))
	c.out.int(int64(last))
	c.out.int(int64(min(first, 1)))
	for range 4 {
		c.out.array(0)
	}
}

func (c *conn) document(name string) {
	c.out.bulk(name)
	c.out.pairs(3)
	c.out.bulk("summary")
	c.out.bulk(c.srv.table[name].help)
	c.out.bulk("since")
	c.out.bulk("1.0.0")
	c.out.bulk("group")
	if c.srv.table[name].keys != noKeys {
		c.out.bulk("hash")
	} else {
		c.out.bulk("connection")
	}
}
