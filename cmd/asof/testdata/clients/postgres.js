// Clients of PostgreSQL in JavaScript, node-postgres and postgres.js, against the Postgres door: node postgres.js URL, with NODE_PATH where they are installed.
const assert = require('node:assert')
const { Client } = require('pg')
const postgres = require('postgres')

const url = process.argv[2]
const at = new Date('2025-05-01T10:01:00Z')

async function nodePostgres() {
  const c = new Client({ connectionString: url })
  await c.connect()
  for (let i = 0; i < 2; i++) {
    const { rows } = await c.query({ name: 'spend', text: 'SELECT customer_id, total, n FROM spend AS OF $2 WHERE customer_id = $1', values: ['ann', at] })
    assert.deepStrictEqual(rows, [{ customer_id: 'ann', total: '10.00', n: '1' }])
  }
  await assert.rejects(c.query('SELECT nothing FROM spend'), { code: '42703', position: '8' })
  const { rows } = await c.query("SELECT TIMESTAMPTZ '2025-05-01 10:01+00' AS t, ARRAY[1, NULL] AS a, NULL AS x, true AS b")
  assert.deepStrictEqual(rows, [{ t: at, a: [1, null], x: null, b: true }])
  await c.query('BEGIN')
  await c.query('CREATE TEMP TABLE l (k TEXT)')
  await c.query('INSERT INTO l VALUES ($1), ($2)', ['ann', null])
  await c.query('COMMIT')
  assert.strictEqual((await c.query('SELECT COUNT(*) AS n FROM l')).rows[0].n, '2')
  await c.end()
}

async function postgresJs() {
  const sql = postgres(url, { max: 1 })
  assert.deepStrictEqual([...await sql`SELECT customer_id, total FROM spend AS OF ${at} WHERE customer_id = ${'ann'}`], [{ customer_id: 'ann', total: '10.00' }])
  assert.deepStrictEqual([...await sql`SELECT COUNT(*)::int AS n FROM spend WHERE customer_id = ANY(${['ann', 'bob']})`], [{ n: 2 }])
  const pages = []
  await sql`SELECT customer_id FROM spend ORDER BY 1`.cursor(1, rows => { pages.push(rows[0].customer_id) })
  assert.deepStrictEqual(pages, ['ann', 'bob'])
  await assert.rejects(sql`SELECT 1/0`, { code: '22012' })
  await sql.end()
}

nodePostgres().then(postgresJs).catch(e => { console.error(e); process.exit(1) })
