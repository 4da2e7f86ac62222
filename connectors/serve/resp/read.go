package resp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func readingCommands() []command {
	return []command{
		{name: "hgetall", arity: 2, run: hgetall, keys: firstKey, help: "All fields of an entity, NULL ones left out, with as_of and updated_at."},
		{name: "hget", arity: 3, run: hget, keys: firstKey, help: "One field of an entity."},
		{name: "hmget", arity: -3, run: hmget, keys: firstKey, help: "Some fields of an entity, all of one moment."},
		{name: "hlen", arity: 2, run: hlen, keys: firstKey, help: "How many fields HGETALL would return."},
		{name: "hkeys", arity: 2, run: hkeys, keys: firstKey, help: "The names of the fields that HGETALL would return."},
		{name: "hvals", arity: 2, run: hvals, keys: firstKey, help: "The values that HGETALL would return."},
		{name: "hexists", arity: 3, run: hexists, keys: firstKey, help: "Whether HGETALL would return the field."},
		{name: "hstrlen", arity: 3, run: hstrlen, keys: firstKey, help: "The length of a field's text in bytes, 0 where there is none."},
		{name: "hscan", arity: -3, run: hscan, keys: firstKey, help: "All fields of an entity, in one slice."},
		{name: "exists", arity: -2, run: exists, keys: allKeys, help: "How many of the entities have a value now."},
		{name: "type", arity: 2, run: typeOf, keys: firstKey, help: "hash, or none where there is no such entity now."},
		{name: "ttl", arity: 2, run: ttl, keys: firstKey, help: "-1, or -2 where there is no such entity now: windows move by themselves."},
		{name: "pttl", arity: 2, run: ttl, keys: firstKey, help: "As TTL."},
		{name: "expiretime", arity: 2, run: ttl, keys: firstKey, help: "As TTL."},
		{name: "pexpiretime", arity: 2, run: ttl, keys: firstKey, help: "As TTL."},
		{name: "asof.at", arity: -3, run: asOfAt, keys: inCommand, help: "ASOF.AT timestamp command …: what the reading command would have replied then. The timestamp is as in SQL, or microseconds since 1970."},
	}
}

func (c *conn) parseKey(k []byte) (engine.EntityRef, bool, error) {
	return parseKey(string(k), c.reader.KeyColumns)
}

// fields reads all fields of an entity, or those of some names. It has replied with an error where it returns nil.
func (c *conn) fields(m moment, key []byte, names []string) *engine.EntityFields {
	ref, ok, err := c.parseKey(key)
	if err == nil && !ok {
		return &engine.EntityFields{Names: names, Values: make([]types.Value, len(names))}
	}
	var f *engine.EntityFields
	switch {
	case err != nil:
	case names == nil:
		f, err = c.reader.All(c.ctx, ref, int64(m))
	default:
		f, err = c.reader.Some(c.ctx, ref, names, int64(m))
	}
	if err != nil {
		c.fail(err, m)
		return nil
	}
	return f
}

// exists reports whether an entity is there. ok is false where an error was replied.
func (c *conn) exists(m moment, key []byte) (found, ok bool) {
	ref, ok, err := c.parseKey(key)
	if ok && err == nil {
		found, err = c.reader.Exists(c.ctx, ref, int64(m))
	}
	if err != nil {
		c.fail(err, m)
		return false, false
	}
	return found, true
}

// fail replies with an error of the engine. What cannot be read yet is LOADING, after which clients try again.
func (c *conn) fail(err error, m moment) {
	var e *types.Error
	if !errors.As(err, &e) {
		c.out.error("ERR " + err.Error())
		return
	}
	kind := "ERR "
	if e.Code == types.CodeNotReady && m == now {
		kind = "LOADING "
	}
	text := kind + e.Message
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	c.out.error(text)
}

func hgetall(c *conn, m moment, args [][]byte) {
	f := c.fields(m, args[0], nil)
	if f == nil {
		return
	}
	c.out.pairs(len(f.Names))
	for i, n := range f.Names {
		c.out.bulk(n)
		c.out.value(f.Values[i])
	}
}

func hget(c *conn, m moment, args [][]byte) {
	if f := c.fields(m, args[0], []string{string(args[1])}); f != nil {
		c.out.value(f.Values[0])
	}
}

func hmget(c *conn, m moment, args [][]byte) {
	names := make([]string, len(args)-1)
	for i, a := range args[1:] {
		names[i] = string(a)
	}
	f := c.fields(m, args[0], names)
	if f == nil {
		return
	}
	c.out.array(len(f.Values))
	for _, v := range f.Values {
		c.out.value(v)
	}
}

func hlen(c *conn, m moment, args [][]byte) {
	if f := c.fields(m, args[0], nil); f != nil {
		c.out.int(int64(len(f.Names)))
	}
}

func hkeys(c *conn, m moment, args [][]byte) {
	f := c.fields(m, args[0], nil)
	if f == nil {
		return
	}
	c.out.array(len(f.Names))
	for _, n := range f.Names {
		c.out.bulk(n)
	}
}

func hvals(c *conn, m moment, args [][]byte) {
	f := c.fields(m, args[0], nil)
	if f == nil {
		return
	}
	c.out.array(len(f.Values))
	for _, v := range f.Values {
		c.out.value(v)
	}
}

func hexists(c *conn, m moment, args [][]byte) {
	if f := c.fields(m, args[0], []string{string(args[1])}); f != nil {
		c.out.bool(!f.Values[0].IsNull())
	}
}

func hstrlen(c *conn, m moment, args [][]byte) {
	f := c.fields(m, args[0], []string{string(args[1])})
	switch {
	case f == nil:
	case f.Values[0].IsNull():
		c.out.int(0)
	default:
		c.out.int(int64(len(f.Values[0].String())))
	}
}

func hscan(c *conn, m moment, args [][]byte) {
	if _, err := strconv.ParseUint(string(args[1]), 10, 64); err != nil {
		c.out.error("ERR invalid cursor")
		return
	}
	o, ok := c.scanOptions(args[2:], true)
	if !ok {
		return
	}
	f := c.fields(m, args[0], nil)
	if f == nil {
		return
	}
	shown := 0
	for _, n := range f.Names {
		if o.matches(n) {
			shown++
		}
	}
	c.out.array(2)
	c.out.bulk("0")
	if o.noValues {
		c.out.array(shown)
	} else {
		c.out.array(2 * shown)
	}
	for i, n := range f.Names {
		if !o.matches(n) {
			continue
		}
		c.out.bulk(n)
		if !o.noValues {
			c.out.value(f.Values[i])
		}
	}
}

func exists(c *conn, m moment, args [][]byte) {
	if len(args) > 1 && m == now {
		// One snapshot: the sum is of one moment.
		var err error
		if m, err = c.snapshot([]queued{{c.srv.lookup([]byte("exists")), args}}); err != nil {
			c.fail(err, now)
			return
		}
	}
	n := 0
	for _, k := range args {
		found, ok := c.exists(m, k)
		if !ok {
			return
		}
		if found {
			n++
		}
	}
	c.out.int(int64(n))
}

func typeOf(c *conn, m moment, args [][]byte) {
	found, ok := c.exists(m, args[0])
	switch {
	case !ok:
	case found:
		c.out.status(hashType)
	default:
		c.out.status("none")
	}
}

func ttl(c *conn, m moment, args [][]byte) {
	found, ok := c.exists(m, args[0])
	switch {
	case !ok:
	case found:
		c.out.int(-1)
	default:
		c.out.int(-2)
	}
}

func asOfAt(c *conn, _ moment, args [][]byte) {
	at, err := parseMoment(string(args[0]))
	if err != nil {
		c.fail(err, 0)
		return
	}
	cmd := c.srv.lookup(args[1])
	switch {
	case cmd == nil || cmd.keys == noKeys || cmd.keys == inCommand:
		c.out.error(fmt.Sprintf("ERR ASOF.AT is followed by a command that reads entities, such as HGETALL; '%s' is none", bytes.ToLower(args[1][:min(len(args[1]), 128)])))
	case !cmd.fits(len(args) - 1):
		c.out.error(wrongArity(cmd.name))
	default:
		cmd.run(c, at, args[2:])
	}
}

// parseMoment reads microseconds since 1970, or a timestamp as PostgreSQL does, in UTC.
func parseMoment(s string) (moment, error) {
	digits := strings.TrimPrefix(s, "-")
	if us, err := strconv.ParseInt(s, 10, 64); err == nil && len(digits) > len("20250520") { // 20250520 is a day, in PostgreSQL too
		return moment(us), nil
	}
	v, err := types.ParseIn(types.Type{Kind: types.Timestamptz}, s, time.UTC)
	if err != nil {
		return 0, err
	}
	return moment(v.I), nil
}
