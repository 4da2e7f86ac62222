package resp

import (
	"bytes"
	"fmt"

	"github.com/asofdb/asof/engine"
)

// moment is when a command reads, microseconds since 1970; now: at the frontier of what it reads.
type moment int64

const now = moment(engine.NoTime)

// transaction is what MULTI has queued. EXEC reads all of it at one moment.
type transaction struct {
	open    bool
	spoiled bool // something could not be queued: EXEC will refuse
	queued  []queued
	bytes   int
}

type queued struct {
	cmd  *command
	args [][]byte
}

// maxQueued is how many bytes the arguments of a transaction may have, with what it takes to keep them.
const maxQueued = 16 << 20

func transactionCommands() []command {
	return []command{
		{name: "multi", arity: 1, run: multi, now: true, help: "Begins a transaction: commands are queued until EXEC, which reads all of them at one moment."},
		{name: "exec", arity: 1, run: exec, now: true, help: "Runs the queued commands."},
		{name: "discard", arity: 1, run: discard, now: true, help: "Forgets the queued commands."},
		{name: "unwatch", arity: 1, run: func(c *conn, _ moment, _ [][]byte) { c.out.status("OK") }, help: "Nothing is ever watched."},
	}
}

func (t *transaction) spoil() { t.spoiled = t.open }

func (c *conn) queue(cmd *command, words [][]byte) {
	args := make([][]byte, len(words)-1)
	for i, a := range words[1:] {
		args[i] = bytes.Clone(a)
		c.tx.bytes += len(a) + 24
	}
	if c.tx.bytes += 48; c.tx.bytes > maxQueued {
		c.tx.spoil()
		c.out.error(fmt.Sprintf("ERR the commands after MULTI are larger than %d bytes", maxQueued))
		return
	}
	c.tx.queued = append(c.tx.queued, queued{cmd, args})
	c.out.status("QUEUED")
}

func multi(c *conn, _ moment, _ [][]byte) {
	if c.tx.open {
		c.out.error("ERR MULTI calls can not be nested")
		return
	}
	c.tx.open = true
	c.out.status("OK")
}

func discard(c *conn, _ moment, _ [][]byte) {
	if !c.tx.open {
		c.out.error("ERR DISCARD without MULTI")
		return
	}
	c.tx = transaction{}
	c.out.status("OK")
}

func exec(c *conn, _ moment, _ [][]byte) {
	tx := c.tx
	c.tx = transaction{}
	switch {
	case !tx.open:
		c.out.error("ERR EXEC without MULTI")
		return
	case tx.spoiled:
		c.out.error("EXECABORT Transaction discarded because of previous errors.")
		return
	}
	m, err := c.snapshot(tx.queued)
	if err != nil {
		c.fail(err, now)
		return
	}
	c.out.array(len(tx.queued))
	for _, q := range tx.queued {
		q.cmd.run(c, m, q.args)
		if len(c.out.buf) >= chunk && c.flush() != nil {
			c.quit = true
			return
		}
	}
}

// snapshot is the moment at which all entities that the commands read are known.
func (c *conn) snapshot(list []queued) (moment, error) {
	var refs []engine.EntityRef
	reads := false
	for _, q := range list {
		var keys [][]byte
		switch q.cmd.keys {
		case firstKey:
			keys = q.args[:1]
		case allKeys:
			keys = q.args
		case everyKey:
			t, err := c.reader.Now(nil)
			return moment(t), err
		}
		for _, k := range keys {
			if ref, ok, err := c.parseKey(k); ok && err == nil { // what is wrong with a key its command says
				refs, reads = append(refs, ref), true
			}
		}
	}
	if !reads {
		return now, nil
	}
	t, err := c.reader.Now(refs)
	return moment(t), err
}
