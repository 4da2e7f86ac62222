import json
import sys

import redis

host, port, protocol = "127.0.0.1", int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(host=host, port=port, protocol=protocol, decode_responses=True, client_name="py")
key = "features:customer:cust_123"


def error(fn):
    try:
        return fn()
    except redis.RedisError as e:
        return type(e).__name__ + ": " + str(e)


pipe = r.pipeline(transaction=True)
pipe.hget(key, "spend_1h").hlen(key).exists(key)
plain = r.pipeline(transaction=False)
for _ in range(100):
    plain.hget(key, "orders")
print(json.dumps({
    "hgetall": r.hgetall(key),
    "hmget": r.hmget(key, ["spend_1h", "nothing"]),
    "exists": r.exists(key, "features:customer:x"),
    "scan": sorted(r.scan_iter(match="features:customer:*")),
    "hscan": dict(r.hscan_iter(key, match="o*")),
    "multi": pipe.execute(),
    "pipeline": plain.execute() == ["2"] * 100,
    "past": r.execute_command("ASOF.AT", "2025-05-20T10:30:00Z", "HGET", key, "spend_1h"),
    "type": r.type(key),
    "name": r.client_getname(),
    "write": error(lambda: r.set("a", "b")).split(":")[0],
    "ready": r.ping() and r.info()["loading"] == 0,
}))
