const { Redis } = require("ioredis");
const key = "features:customer:cust_123";
(async () => {
  const r = new Redis({ port: Number(process.argv[2]), protocol: Number(process.argv[3]), connectionName: "io", retryStrategy: null });
  const scan = [];
  for await (const keys of r.scanStream({ match: "features:customer:*" })) scan.push(...keys);
  const multi = await r.multi().hget(key, "spend_1h").hlen(key).exists(key).exec();
  const pipe = r.pipeline();
  for (let i = 0; i < 100; i++) pipe.hget(key, "orders");
  console.log(JSON.stringify({
    hgetall: await r.hgetall(key),
    hmget: await r.hmget(key, "spend_1h", "nothing"),
    exists: await r.exists(key, "features:customer:x"),
    scan: scan.sort(),
    multi: multi.map(([err, v]) => err ?? v),
    pipeline: (await pipe.exec()).every(([err, v]) => err === null && v === "2"),
    past: await r.call("ASOF.AT", "2025-05-20T10:30:00Z", "HGET", key, "spend_1h"),
    type: await r.type(key),
    name: await r.client("GETNAME"),
    write: await r.set("a", "b").catch((e) => e.message.split(" ")[0]),
    ready: r.status === "ready",
  }));
  await r.quit();
})().catch((e) => { console.error(e); process.exit(1); });
