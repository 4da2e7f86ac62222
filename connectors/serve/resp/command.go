package resp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/engine"
)

// command is one that is answered. Its arguments are those after its name; they are good until it returns.
type command struct {
	name string
	// arity is the number of words, the name included; negative: at least so many. It is Redis's.
	arity int
	run   func(c *conn, m moment, args [][]byte)
	// keys tells which arguments are keys. It is set for commands that read entities; only these may follow ASOF.AT and are read at one moment in MULTI.
	keys keyPlace
	// open is answered to somebody who has not authenticated himself.
	open bool
	// now is run at once inside MULTI.
	now  bool
	help string
}

// keyPlace says where a command's keys are.
type keyPlace int

const (
	noKeys    keyPlace = iota
	firstKey           // its first argument
	allKeys            // each of its arguments
	everyKey           // none is named: all entities are meant
	inCommand          // those of the command after ASOF.AT, which has a moment of its own
)

// commandTable is every command that is answered, by its name.
func commandTable() map[string]*command {
	table := map[string]*command{}
	for _, list := range [][]command{connectionCommands(), serverCommands(), readingCommands(), walkingCommands(), transactionCommands()} {
		for i := range list {
			table[list[i].name] = &list[i]
		}
	}
	return table
}

// longestName bounds what is looked up as a command.
const longestName = 32

// lookup finds a command by its name in any case, without making a string of it.
func (s *Server) lookup(name []byte) *command {
	var low [longestName]byte
	if len(name) > len(low) {
		return nil
	}
	for i, b := range name {
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		low[i] = b
	}
	return s.table[string(low[:len(name)])]
}

func (cmd *command) fits(words int) bool {
	return words == cmd.arity || cmd.arity < 0 && words >= -cmd.arity
}

func wrongArity(name string) string {
	return fmt.Sprintf("ERR wrong number of arguments for '%s' command", name)
}

// run answers one request.
func (c *conn) run(words [][]byte) {
	cmd := c.srv.lookup(words[0])
	problem := ""
	switch {
	case cmd == nil:
		problem = c.unknown(words)
	case !cmd.fits(len(words)):
		problem = wrongArity(cmd.name)
	case !cmd.open && !c.trusted():
		problem = noAuth
	}
	switch {
	case problem != "":
		if cmd != nil && cmd.name == "exec" {
			problem = "EXECABORT Transaction discarded because of: " + strings.TrimPrefix(problem, "ERR ")
		}
		c.tx.spoil()
		c.out.error(problem)
	case c.tx.open && !cmd.now:
		c.queue(cmd, words)
	default:
		c.lastCommand(cmd.name)
		began := time.Now()
		cmd.run(c, now, words[1:])
		c.srv.eng.Observe(engine.Observation{Door: "redis", Kind: cmd.name, Took: time.Since(began)})
	}
}

// unknown is what is said of a command that is not answered.
func (c *conn) unknown(words [][]byte) string {
	name := string(words[0])
	low := strings.ToLower(name)
	switch {
	case low == "post" || low == "host:":
		c.quit = true // a browser that was made to send requests here
		return "ERR this is no web server"
	case slices.Contains(writes, low):
		return fmt.Sprintf("READONLY '%s' writes, and nothing is written here: features are computed from their sources; CREATE FEATURE defines them", low)
	case slices.Contains(clustered, low):
		return "ERR This instance has cluster support disabled"
	case slices.Contains(others, low):
		return fmt.Sprintf("ERR '%s' is not supported: an entity is a hash; read it with HGETALL, HGET or HMGET", low)
	}
	// Redis's words, with as much of the arguments as it shows.
	var args strings.Builder
	for _, a := range words[1:] {
		if args.Len() >= 128 {
			break
		}
		fmt.Fprintf(&args, "'%s' ", a[:min(len(a), 128-args.Len())])
	}
	return fmt.Sprintf("ERR unknown command '%s', with args beginning with: %s", name[:min(len(name), 128)], args.String())
}

// Commands of Redis that are known and not answered. The lists are of its version 7.
var (
	writes = strings.Fields(`append bitfield bitop blmove blmpop blpop brpop brpoplpush bzmpop bzpopmax bzpopmin copy decr decrby del expire expireat flushall flushdb
		geoadd georadius georadiusbymember geosearchstore getdel getex getset hdel hexpire hexpireat hincrby hincrbyfloat hmset hpersist hpexpire hpexpireat hset hsetnx
		incr incrby incrbyfloat linsert lmove lmpop lpop lpush lpushx lrem lset ltrim migrate move mset msetnx persist pexpire pexpireat pfadd pfdebug pfmerge
		psetex rename renamenx restore restore-asking rpop rpoplpush rpush rpushx sadd sdiffstore set setbit setex setnx setrange sinterstore smove sort spop srem
		sunionstore swapdb unlink xack xadd xautoclaim xclaim xdel xgroup xreadgroup xsetid xtrim zadd zdiffstore zincrby zinterstore zmpop zpopmax zpopmin
		zrangestore zrem zremrangebylex zremrangebyrank zremrangebyscore zunionstore`)
	clustered = strings.Fields(`cluster asking readonly readwrite`)
	others    = strings.Fields(`bitcount bitfield_ro bitpos dump eval eval_ro evalsha evalsha_ro fcall fcall_ro function geodist geohash geopos georadius_ro
		georadiusbymember_ro geosearch get getbit getrange hexpiretime hpexpiretime hpttl hrandfield httl lcs lindex llen lolwut lpos lrange mget monitor object pfcount psubscribe
		psync pubsub publish punsubscribe randomkey replicaof save bgsave bgrewriteaof failover script sdiff shutdown sinter sintercard sismember slaveof smembers smismember
		sort_ro spublish srandmember sscan ssubscribe strlen subscribe substr sunion sunsubscribe sync touch unsubscribe wait watch xinfo xlen xpending xrange xread xrevrange
		zcard zcount zdiff zinter zintercard zlexcount zmscore zrandmember zrange zrangebylex zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan
		zscore zunion acl debug latency memory module slowlog`)
)
