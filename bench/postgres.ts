/**
 * The inbox in PostgreSQL beside the one in a file, and beside pg-boss where that is installed, in one run and by turns: `npm
 * run bench -- postgres [deliveries] [--long]`, with a throw-away server on this machine, as durable as it comes. `--long`: with
 * five million deliveries that wait, some minutes more. Medians of the rounds; ratios are what to look at: server, client and
 * file share the machine. A ratio above 1 is faster than what it is compared with.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '../src/core/base/clock.ts'
import { postgres } from '../src/inboxes/postgres/index.ts'
import { sharded } from '../src/inboxes/sharded/index.ts'
import { sqlite } from '../src/inboxes/sqlite/index.ts'
import { port } from '../src/lib/symbols.ts'
import type { InboxPort } from '../src/ports/inbox/index.ts'
import type { NewDelivery } from '../src/ports/inbox/intake.ts'
import { isPoolerThere, startPooler } from '../test/support/pooler.ts'
import { startServer } from '../test/support/postgres.ts'
import { drain } from './postgres-drain.ts'
import { fillLine, pgBoss, rollingDeploy, takeOver, Workers } from './postgres-parts.ts'

const DELIVERIES = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000)
const [ROUNDS, TOGETHER, BATCHES, EVENTS] = [3, 32, 12, 10_000]
const WAITING = process.argv.includes('--long') ? 5_000_000 : 0
const logger = { info: () => {}, warn: () => {}, error: () => {} }
let next = 0

async function opened(inbox: InboxPort): Promise<InboxPort> {
  const handlers = [{ name: 'a', formerly: [] }]
  await inbox.open({ handlers, logger, clock: systemClock, role: 'owner', onRedelivery: 'record' })
  return inbox
}

function delivery(body: Uint8Array): NewDelivery {
  const id = `d_${++next}_${randomBytes(8).toString('hex')}`
  return {
    ...{ id, source: 'shop', batchId: id, sha256: createHash('sha256').update(body).digest(), body, isTest: false },
    ...{ receivedAt: Date.now(), headers: [['content-type', 'application/json']], credential: null, origin: 'wire' },
    ...{ undecoded: null, traceparent: null },
  }
}

const event = () => ({
  msys: {
    track_event: {
      ...{ type: 'click', event_id: randomBytes(8).toString('hex'), rcpt_to: `jo${next}@shop.example`, n: next++ },
      ...{ message_id: randomBytes(12).toString('hex'), transmission_id: String(randomBytes(6).readUIntBE(0, 6)) },
      ...{ ip_address: [...randomBytes(4)].join('.'), timestamp: String(1_780_000_000 + (next % 86_400)) },
      ...{ target_link_url: 'https://shop.example/offers?campaign=autumn', user_agent: 'Mozilla/5.0 '.repeat(30) },
    },
  },
})
const bytes = (events: number) => Buffer.from(JSON.stringify(Array.from({ length: events }, event)))

/** So many a second. */
async function rate(count: number, together: number, run: () => Promise<unknown>): Promise<number> {
  let left = count
  const worker = async () => {
    while (left-- > 0) await run()
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: together }, worker))
  return (count / (performance.now() - began)) * 1_000
}

const accepts = (inbox: InboxPort, count: number) =>
  rate(count, TOGETHER, () => inbox.intake.accept(delivery(bytes(1))))

async function batches(inbox: InboxPort): Promise<number> {
  const body = bytes(EVENTS)
  return rate(BATCHES, 4, () =>
    inbox.intake.accept(delivery(Buffer.concat([body, Buffer.from(' '.repeat(next++ % 50))]))),
  )
}

/** Of so many a second. */
async function drained(inbox: InboxPort): Promise<number> {
  const began = performance.now()
  return ((await drain(inbox)) / (performance.now() - began)) * 1_000
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
const figures = new Map<string, number[]>()
const note = (what: string, figure: number) => {
  figures.set(what, [...(figures.get(what) ?? []), figure])
  process.stderr.write(`${what.padEnd(46)}${figure.toFixed(0)}\n`)
}

const of = (what: string) => median(figures.get(what) ?? [])
const ratio = (what: string, to: string) => (of(what) / of(to)).toFixed(2)

/** With many that wait: accepts beside those into an empty schema, a claim, a start. */
async function measureLine(): Promise<[what: string, figure: string, wanted: string][]> {
  const made = await opened(at('line'))
  await made.close()
  await fillLine(server, 'line', WAITING)
  const began = performance.now()
  const full = await opened(at('line'))
  note('start, ms', performance.now() - began)
  const empty = await opened(at('empty'))
  for (let round = 0; round < ROUNDS; round++) {
    note('posts into an empty schema', await accepts(empty, DELIVERIES))
    note('posts behind a long line', await accepts(full, DELIVERIES))
  }
  const request = { handlers: ['a'], sources: ['shop'], maxDeliveries: 256, maxBytes: 8 << 20 }
  for (let claim = 0; claim < 20; claim++) {
    const asked = performance.now()
    await full.claims.claim(request)
    note('claim of 256 of a long line, ms', performance.now() - asked)
  }
  await full.close()
  await empty.close()
  return [
    ['start with five million that wait, s', (of('start, ms') / 1_000).toFixed(1), '< 5'],
    ['posts behind five million / none', ratio('posts behind a long line', 'posts into an empty schema'), '≥ 0.9'],
    ['claim of 256, with bodies, ms', of('claim of 256 of a long line, ms').toFixed(1), '≤ 10 without'],
  ]
}

const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
const server = await startServer({ shared_buffers: '256MB', max_wal_size: '4GB' })
const pooler = isPoolerThere() ? await startPooler(server, 6) : null
const inboxAt = (schema: string, url = server.url) => postgres({ connectionString: url, schema })
const at = (schema: string, url?: string) => inboxAt(schema, url)[port]
const wal = async () => Number((await server.run("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS n"))[0]?.n)
const held = new pg.Client({ connectionString: server.url })
try {
  const file = await opened(sqlite({ path: join(folder, 'inbox.db') })[port])
  const one = await opened(at('bench'))
  const pooled = pooler === null ? null : await opened(at('pooled', pooler.url))
  // Two shards share the server and its machine here: what is measured is what sharding costs, and not what it brings.
  const shards = await opened(sharded({ inboxes: [inboxAt('shard0'), inboxAt('shard1')] })[port])
  await held.connect()
  const workers = new Workers(server, 'bench', 2)
  await workers.ready()
  const peer = await pgBoss(server)
  for (let round = 0; round < ROUNDS; round++) {
    note('posts, file', await accepts(file, DELIVERIES))
    note('posts', await accepts(one, DELIVERIES))
    note('drain by one', await workers.drain(1))
    await accepts(one, DELIVERIES)
    note('drain by two', await workers.drain(2))
    await accepts(one, DELIVERIES)
    note('drain in the same process', await drained(one))
    if (peer !== null) {
      note('posts, pg-boss', await rate(DELIVERIES, TOGETHER, () => peer.send(event())))
      note('drain, pg-boss', await rate(1, 1, peer.drain).then((each) => each * DELIVERIES))
    }
    if (pooled !== null) note('posts, pooler', await accepts(pooled, DELIVERIES))
    note('posts, two shards', await accepts(shards, DELIVERIES))
    note('drain, two shards', await drained(shards))
    note('batches, file', await batches(file))
    const before = await wal()
    note('batches', await batches(one))
    note('WAL', ((await wal()) - before) / (BATCHES * EVENTS))
    note('batches, two shards', await batches(shards))
    await drain(shards)
    await drain(one)
    if (peer !== null) {
      const events = Array.from({ length: EVENTS }, event)
      note('batches, pg-boss', await rate(3, 3, () => peer.insert(events)))
      await peer.drain()
    }
    await held.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await held.query('SELECT count(*) FROM bench.pass')
    for (let portion = 0; portion < 3; portion++) {
      await accepts(one, DELIVERIES)
      const figure = await workers.drain(1)
      if (portion === 2) note('drain, snapshot held', figure)
    }
    await held.query('ROLLBACK')
    await drain(file)
    if (pooled !== null) await drain(pooled)
  }
  await workers.end()
  await peer?.close()
  note('take-over after a kill, ms', await takeOver(server, 'kill', 'SIGKILL'))
  note('take-over after SIGTERM, ms', await takeOver(server, 'term', 'SIGTERM'))
  const deploy = await rollingDeploy(server, 'deploy')
  note('posts in a rolling deploy', deploy.posts)
  const lines: [what: string, figure: string, wanted: string][] = [
    ['one-event posts / file', ratio('posts', 'posts, file'), '≥ 0.5'],
    ['10 000-event batches / file', ratio('batches', 'batches, file'), '≥ 0.85'],
    ['drain by two / by one, a process each', ratio('drain by two', 'drain by one'), '≥ 1.3'],
    ['drain, a snapshot held / none', ratio('drain, snapshot held', 'drain by one'), '≥ 0.8'],
    ['one-event posts, two shards / none', ratio('posts, two shards', 'posts'), '≥ 0.8, on one server'],
    ['10 000-event batches, two shards / none', ratio('batches, two shards', 'batches'), '≥ 0.8, on one server'],
    ['drain, two shards / none', ratio('drain, two shards', 'drain in the same process'), '≥ 0.8, on one server'],
    ['WAL of an event in a batch, bytes', of('WAL').toFixed(0), '≤ 200'],
    ['take-over after a kill, s', (of('take-over after a kill, ms') / 1_000).toFixed(1), '≤ 20'],
    ['take-over after SIGTERM, s', (of('take-over after SIGTERM, ms') / 1_000).toFixed(1), '≤ 1'],
    ['posts refused in a rolling deploy of three', String(deploy.refused), '0'],
  ]
  if (pooled !== null)
    lines.push(['one-event posts, through PgBouncer / direct', ratio('posts, pooler', 'posts'), '≥ 0.6'])
  if (peer !== null)
    lines.push(
      ['one-event posts / pg-boss', ratio('posts', 'posts, pg-boss'), '≥ 6'],
      ['10 000-event batches / pg-boss', ratio('batches', 'batches, pg-boss'), '≥ 8'],
      ['drain / pg-boss', ratio('drain by one', 'drain, pg-boss'), '≥ 2'],
    )
  if (WAITING > 0) lines.push(...(await measureLine()))
  for (const [what, numbers] of figures) process.stdout.write(`${what.padEnd(46)}${median(numbers).toFixed(0)}\n`)
  for (const [what, figure, wanted] of lines) process.stdout.write(`${what.padEnd(46)}${figure.padEnd(10)}${wanted}\n`)
  await held.end()
  for (const inbox of [file, one, pooled, shards]) await inbox?.close()
} finally {
  await pooler?.stop()
  server.remove()
  rmSync(folder, { recursive: true, force: true })
}
