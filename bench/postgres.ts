/**
 * The inbox in PostgreSQL beside the one in a file, in one run and by turns: `npm run bench -- postgres [deliveries]`, with a
 * throw-away server on this machine, as durable as it comes. Medians of the rounds; ratios are what to look at: server,
 * client and file share the machine. A ratio above 1 is faster than what it is compared with.
 */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '../src/core/base/clock.ts'
import { postgres } from '../src/inboxes/postgres/index.ts'
import { sqlite } from '../src/inboxes/sqlite/index.ts'
import { port } from '../src/lib/symbols.ts'
import type { InboxPort } from '../src/ports/inbox/index.ts'
import type { NewDelivery } from '../src/ports/inbox/intake.ts'
import { isPoolerThere, startPooler } from '../test/support/pooler.ts'
import { startServer } from '../test/support/postgres.ts'

const DELIVERIES = Number(process.argv.find((word) => /^\d+$/.test(word)) ?? 10_000)
const [ROUNDS, TOGETHER, BATCHES, EVENTS] = [3, 32, 12, 10_000]
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

/** Claims and settles all that waits, by these at once. */
async function drain(inboxes: readonly InboxPort[]): Promise<number> {
  let done = 0
  const work = async ({ claims }: InboxPort) => {
    for (;;) {
      const request = { handlers: ['a'], sources: ['shop'], maxDeliveries: 256, maxBytes: 8 << 20 }
      const found = (await claims.claim(request)).claims
      if (found.length === 0) return
      const settled = { firstPass: true, events: 1, endedRows: [], rows: [], dead: [], quarantined: [], unhandled: {} }
      await Promise.all(found.map(({ token, delivery: { seq } }) => claims.settle({ ...settled, seq, token } as never)))
      done += found.length
    }
  }
  const began = performance.now()
  await Promise.all(inboxes.map(work))
  return (done / (performance.now() - began)) * 1_000
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0
const figures = new Map<string, number[]>()
const note = (what: string, figure: number) => figures.set(what, [...(figures.get(what) ?? []), figure])

const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'))
const server = await startServer({ shared_buffers: '256MB', max_wal_size: '4GB' })
const pooler = isPoolerThere() ? await startPooler(server, 6) : null
const at = (schema: string, url = server.url) => postgres({ connectionString: url, schema })[port]
const wal = async () => Number((await server.run("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS n"))[0]?.n)
const held = new pg.Client({ connectionString: server.url })
try {
  const file = await opened(sqlite({ path: join(folder, 'inbox.db') })[port])
  const [one, two] = [await opened(at('bench')), await opened(at('bench'))]
  const pooled = pooler === null ? null : await opened(at('pooled', pooler.url))
  await held.connect()
  for (let round = 0; round < ROUNDS; round++) {
    note('posts, file', await accepts(file, DELIVERIES))
    note('posts', await accepts(one, DELIVERIES))
    note('drain by one', await drain([one]))
    await accepts(one, DELIVERIES)
    note('drain by two', await drain([one, two]))
    if (pooled !== null) note('posts, pooler', await accepts(pooled, DELIVERIES))
    note('batches, file', await batches(file))
    const before = await wal()
    note('batches', await batches(one))
    note('WAL', ((await wal()) - before) / (BATCHES * EVENTS))
    await drain([one])
    await held.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await held.query('SELECT count(*) FROM bench.pass')
    for (let portion = 0; portion < 3; portion++) {
      await accepts(one, DELIVERIES)
      const figure = await drain([one])
      if (portion === 2) note('drain, snapshot held', figure)
    }
    await held.query('ROLLBACK')
    await drain([file])
    if (pooled !== null) await drain([pooled])
  }
  const of = (what: string) => median(figures.get(what) ?? [])
  const lines: [what: string, figure: string, wanted: string][] = [
    ['one-event posts / file', (of('posts') / of('posts, file')).toFixed(2), '≥ 0.5'],
    ['10 000-event batches / file', (of('batches') / of('batches, file')).toFixed(2), '≥ 0.85'],
    ['drain by two / by one', (of('drain by two') / of('drain by one')).toFixed(2), '≥ 1.3, with a process each'],
    ['drain, a snapshot held / none', (of('drain, snapshot held') / of('drain by one')).toFixed(2), '≥ 0.8'],
    ['WAL of an event in a batch, bytes', of('WAL').toFixed(0), '≤ 200'],
    ...(pooled === null
      ? []
      : [
          ['one-event posts, through PgBouncer / direct', (of('posts, pooler') / of('posts')).toFixed(2), '≥ 0.6'] as [
            string,
            string,
            string,
          ],
        ]),
  ]
  for (const [what, numbers] of figures) process.stdout.write(`${what.padEnd(46)}${median(numbers).toFixed(0)}\n`)
  for (const [what, figure, wanted] of lines) process.stdout.write(`${what.padEnd(46)}${figure.padEnd(10)}${wanted}\n`)
  await held.end()
  for (const inbox of [file, one, two, pooled]) await inbox?.close()
} finally {
  await pooler?.stop()
  server.remove()
  rmSync(folder, { recursive: true, force: true })
}
