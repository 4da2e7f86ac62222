const { createClient } = require("redis");
const key = "features:customer:cust_123";
(async () => {
  const r = createClient({ url: `redis://127.0.0.1:${process.argv[2]}`, RESP: Number(process.argv[3]), name: "node" });
  r.on("error", (e) => { console.error(e); process.exit(1); });
  await r.connect();
  const scan = [];
  for await (const keys of r.scanIterator({ MATCH: "features:customer:*" })) scan.push(...[].concat(keys));
  const many = await Promise.all(Array.from({ length: 100 }, () => r.hGet(key, "orders")));
  console.log(JSON.stringify({
    hgetall: await r.hGetAll(key),
    hmget: await r.hmGet(key, ["spend_1h", "nothing"]),
    exists: await r.exists([key, "features:customer:x"]),
    scan: scan.sort(),
    multi: await r.multi().hGet(key, "spend_1h").hLen(key).exists(key).exec(),
    pipeline: many.every((v) => v === "2"),
    past: await r.sendCommand(["ASOF.AT", "2025-05-20T10:30:00Z", "HGET", key, "spend_1h"]),
    type: await r.type(key),
    name: await r.clientGetName(),
    write: await r.set("a", "b").catch((e) => e.message.split(" ")[0]),
    ready: r.isReady,
  }));
  await r.close();
})().catch((e) => { console.error(e); process.exit(1); });
