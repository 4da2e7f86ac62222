package resp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func walkingCommands() []command {
	return []command{
		{name: "scan", arity: -2, run: scan, keys: everyKey, help: "Walks through the keys of the entities that have a value now, a slice a call."},
		{name: "keys", arity: 2, run: keys, keys: everyKey, help: "The keys that match, all of one moment. It evaluates every entity."},
		{name: "dbsize", arity: 1, run: dbsize, keys: everyKey, help: "How many entities have a value now. It evaluates every entity."},
	}
}

// maxKeys is how many keys, and maxKeysBytes how many bytes of them, KEYS returns.
const (
	maxKeys      = 1_000_000
	maxKeysBytes = 64 << 20
)

// scanOptions are what follows a cursor.
type scanOptions struct {
	match    string
	matching bool
	count    int
	kind     string
	noValues bool
}

func (o *scanOptions) matches(s string) bool { return !o.matching || globMatch(o.match, s) }

func (c *conn) scanOptions(args [][]byte, inHash bool) (o scanOptions, ok bool) {
	o.count = 10
	for len(args) > 0 {
		word := strings.ToLower(string(args[0]))
		if inHash && word == "novalues" {
			o.noValues, args = true, args[1:]
			continue
		}
		if len(args) < 2 {
			c.out.error("ERR syntax error")
			return o, false
		}
		switch value := string(args[1]); {
		case word == "match":
			o.match, o.matching = value, value != "*"
		case word == "count":
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				c.out.error("ERR value is not an integer or out of range")
				return o, false
			}
			if n < 1 {
				c.out.error("ERR syntax error")
				return o, false
			}
			o.count = int(min(n, 100_000))
		case word == "type" && !inHash:
			o.kind = strings.ToLower(value)
		default:
			c.out.error("ERR syntax error")
			return o, false
		}
		args = args[2:]
	}
	return o, true
}

func scan(c *conn, m moment, args [][]byte) {
	cursor, err := strconv.ParseUint(string(args[0]), 10, 64)
	if err != nil {
		c.out.error("ERR invalid cursor")
		return
	}
	o, ok := c.scanOptions(args[1:], false)
	if !ok {
		return
	}
	var found keyList
	next := uint64(0)
	if o.kind == "" || o.kind == hashType {
		if next, err = c.walk(m, &o, cursor, found.add); err != nil {
			c.fail(err, m)
			return
		}
	}
	c.out.array(2)
	c.out.bulk(strconv.FormatUint(next, 10))
	found.show(c)
}

func keys(c *conn, m moment, args [][]byte) {
	o := scanOptions{match: string(args[0]), matching: string(args[0]) != "*", count: 1000}
	var found keyList
	if c.walkAll(m, &o, found.add) {
		found.show(c)
	}
}

func dbsize(c *conn, m moment, _ [][]byte) {
	n := int64(0)
	if c.walkAll(m, &scanOptions{count: 1000}, func([]byte) error { n++; return nil }) {
		c.out.int(n)
	}
}

// keyList gathers keys.
type keyList struct {
	text []byte
	ends []int
}

var errTooManyKeys = fmt.Errorf("more than %d keys, or %d bytes of them: use SCAN", maxKeys, maxKeysBytes)

func (l *keyList) add(key []byte) error {
	if len(l.ends) == maxKeys || len(l.text)+len(key) > maxKeysBytes {
		return errTooManyKeys
	}
	l.text = append(l.text, key...)
	l.ends = append(l.ends, len(l.text))
	return nil
}

func (l *keyList) show(c *conn) {
	c.out.array(len(l.ends))
	from := 0
	for _, end := range l.ends {
		c.out.bulk(string(l.text[from:end]))
		from = end
	}
}

// walkAll walks to the end at one moment. It has replied with an error where it returns false.
func (c *conn) walkAll(m moment, o *scanOptions, add func([]byte) error) bool {
	var err error
	var t int64
	if m == now {
		t, err = c.reader.Now(o.refs(c))
		m = moment(t)
	}
	for cursor := uint64(0); err == nil; {
		if cursor, err = c.walk(m, o, cursor, add); err == nil && cursor == 0 {
			return true
		}
	}
	c.fail(err, now)
	return false
}

// walk adds the keys of one slice that match.
func (c *conn) walk(m moment, o *scanOptions, cursor uint64, add func([]byte) error) (uint64, error) {
	prefix, whole := "", false
	if o.matching {
		prefix, whole = globPrefix(o.match)
	}
	if !strings.HasPrefix(prefix, keyPrefix[:min(len(prefix), len(keyPrefix))]) {
		return 0, nil // no key begins so
	}
	if whole && o.matching {
		ref, ok, err := c.parseKey([]byte(o.match))
		if !ok || err != nil {
			return 0, nil // a pattern that is no key matches none
		}
		found, err := c.reader.Exists(c.ctx, ref, int64(m))
		if err == nil && found {
			err = add([]byte(o.match))
		}
		return 0, err
	}
	var key []byte
	return c.reader.Scan(c.ctx, o.entity(prefix), int64(m), cursor, o.count, func(ref engine.EntityRef) error {
		if key = appendKey(key[:0], ref); !o.matches(string(key)) {
			return nil
		}
		return add(key)
	})
}

// entity is the only one whose keys begin with prefix, "" if there are others.
func (o *scanOptions) entity(prefix string) string {
	rest, ok := strings.CutPrefix(prefix, keyPrefix)
	name, _, whole := strings.Cut(rest, ":")
	if !ok || !whole {
		return ""
	}
	if name, err := unescape(name); err == nil {
		return name
	}
	return ""
}

// refs are the entities whose frontiers a walk depends on, nil for all.
func (o *scanOptions) refs(c *conn) []engine.EntityRef {
	if !o.matching {
		return nil
	}
	prefix, _ := globPrefix(o.match)
	name := o.entity(prefix)
	if name == "" {
		return nil
	}
	return []engine.EntityRef{{Entity: name, Key: make([]types.Value, max(1, c.reader.KeyColumns(name)))}}
}
