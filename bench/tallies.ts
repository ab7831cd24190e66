/**
 * What the counts over time cost: `node bench/tallies.ts <folder of an older checkout> [postgres]`. In one process, in turn:
 * that checkout and this one, each with a receiver on SQLite, or in a schema of one PostgreSQL server, and one handler. Batches
 * of 10 000 events, and posts of one event, 32 at a time. Least and median of the rounds, in ms, processor time with that of the
 * server; a ratio above 1 is what this checkout takes more.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { unauthenticated as Unauthenticated } from '../src/auth/index.ts'
import type { createReceiver as Create } from '../src/core/receiver.ts'
import type { postgres as Postgres } from '../src/inboxes/postgres/index.ts'
import type { sqlite as Sqlite } from '../src/inboxes/sqlite/index.ts'
import type { momentum as Momentum } from '../src/providers/momentum/index.ts'
import { findPostgres, startPostgres } from './harness/postgres.ts'

const [ROUNDS, EVENTS, POSTS, TOGETHER] = [15, 10_000, 3_000, 32]

const [older, kind = 'sqlite'] = process.argv.slice(2)
if (older === undefined) throw new Error('which older checkout? node bench/tallies.ts <folder>')
const folder = mkdtempSync(join(tmpdir(), 'posthorn-tallies-'))
/** Not within the other, which the account of the server may not enter. */
const serverFolder = mkdtempSync(join(tmpdir(), 'posthorn-tallies-'))
const server = kind === 'postgres' ? await startServer() : null
let next = Date.now() * 1_000

async function startServer() {
  const bin = findPostgres()
  if (bin === null) throw new Error('the programs of PostgreSQL are not installed')
  return startPostgres(bin, serverFolder)
}

async function start(root: string, name: string) {
  const from = <T>(path: string) => import(join(root, 'src', path)) as Promise<T>
  const { createReceiver } = await from<{ createReceiver: typeof Create }>('core/receiver.ts')
  const { momentum } = await from<{ momentum: typeof Momentum }>('providers/momentum/index.ts')
  const { unauthenticated } = await from<{ unauthenticated: typeof Unauthenticated }>('auth/index.ts')
  const source = momentum({ auth: unauthenticated() })
  const inbox = await inboxOf(from, name)
  const receiver = createReceiver({ inbox, sources: { shop: source }, logger: false })
  receiver.on('*', { name: 'all' }, () => {})
  await receiver.start()
  return receiver
}

async function inboxOf(from: <T>(path: string) => Promise<T>, name: string) {
  if (server === null) {
    const { sqlite } = await from<{ sqlite: typeof Sqlite }>('inboxes/sqlite/index.ts')
    return sqlite({ path: join(folder, `${name}.db`) })
  }
  const { postgres } = await from<{ postgres: typeof Postgres }>('inboxes/postgres/index.ts')
  return postgres({ connectionString: server.url, schema: name })
}

type Receiver = Awaited<ReturnType<typeof start>>

const TYPES = ['delivery', 'open', 'click', 'bounce'] as const

function event(_: unknown, n: number) {
  const id = String(next++)
  const type = TYPES[n % TYPES.length] ?? 'click'
  const message = { type, event_id: id, message_id: id, timestamp: '1460989507', rcpt_to: `jo${id}@shop.example` }
  const more = { subject: 's'.repeat(200), user_agent: 'u'.repeat(400), campaign_id: 'c', bounce_class: '10' }
  return {
    msys: { [type === 'delivery' || type === 'bounce' ? 'message_event' : 'track_event']: { ...message, ...more } },
  }
}

async function batch(receiver: Receiver): Promise<void> {
  const body = JSON.stringify(Array.from({ length: EVENTS }, event))
  await receiver.inject('shop', body)
  await receiver.whenIdle()
}

async function posts(receiver: Receiver): Promise<void> {
  let left = POSTS
  const sender = async () => {
    while (left-- > 0) {
      const body = JSON.stringify([event(null, left)])
      const response = await receiver.handle(new Request('http://localhost/shop', { method: 'POST', body }))
      await response.arrayBuffer()
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, sender))
  await receiver.whenIdle()
}

interface Spent {
  readonly wall: number[]
  readonly cpu: number[]
}

/** Processor time in ms of the processes of the server, as Linux counts it: in hundredths of a second. */
function serverMs(): number {
  if (server === null) return 0
  const main = readFileSync(join(serverFolder, 'data/postmaster.pid'), 'utf8').split('\n')[0]
  // Of those that have ended.
  const [ended, endedInKernel] = statOf(`/proc/${main}/stat`).slice(13)
  let ticks = Number(ended) + Number(endedInKernel)
  for (const path of globSync('/proc/[0-9]*/stat')) {
    const fields = statOf(path)
    if (fields[1] === main) ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * 10
}

/** From its state on; none of a process that has ended. */
function statOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split(') ')[1]?.split(' ') ?? []
  } catch {
    return []
  }
}

async function timed(spent: Spent, run: () => Promise<void>): Promise<void> {
  const [began, cpu, atServer] = [performance.now(), process.cpuUsage(), serverMs()]
  await run()
  const { user, system } = process.cpuUsage(cpu)
  spent.wall.push(performance.now() - began)
  spent.cpu.push((user + system) / 1_000 + serverMs() - atServer)
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b)
const least = (values: readonly number[]) => sorted(values)[0] ?? 0
const median = (values: readonly number[]) => sorted(values)[values.length >> 1] ?? 0
const told = (values: readonly number[]) => `${least(values).toFixed(1)} (median ${median(values).toFixed(1)})`
const ratio = (a: readonly number[], b: readonly number[]) =>
  `${(least(a) / least(b)).toFixed(3)} (median ${(median(a) / median(b)).toFixed(3)})`

async function compare(
  what: string,
  [before, now]: readonly [Receiver, Receiver],
  run: (on: Receiver) => Promise<void>,
) {
  const [off, on]: [Spent, Spent] = [
    { wall: [], cpu: [] },
    { wall: [], cpu: [] },
  ]
  await run(before)
  await run(now)
  for (let round = 0; round < ROUNDS; round++) {
    await timed(off, () => run(before))
    await timed(on, () => run(now))
  }
  console.log(`${what}: wall ${told(off.wall)} / ${told(on.wall)}, ratio ${ratio(on.wall, off.wall)}`)
  console.log(`${what}: processor ${told(off.cpu)} / ${told(on.cpu)}, ratio ${ratio(on.cpu, off.cpu)}`)
}

try {
  const both = [await start(resolve(older), 'before'), await start(resolve(import.meta.dirname, '..'), 'now')] as const
  await compare(`${EVENTS} events in one post`, both, batch)
  await compare(`${POSTS} posts of one event`, both, posts)
  for (const receiver of both) await receiver.close()
} finally {
  await server?.end()
  rmSync(folder, { recursive: true })
  rmSync(serverFolder, { recursive: true })
}
