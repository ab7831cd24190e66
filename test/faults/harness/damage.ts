/** Files that are not what we left, and what becomes of them at the next start. */
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { PosthornError } from '../../../src/errors.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import { noise } from './bodies.ts'
import { readEffects } from './effects.ts'
import type { Sent } from './ledger.ts'
import { between, type Random } from './random.ts'
import { type Running, Site } from './site.ts'

/** What a process leaves: a file alone, or with a log of SQLite beside it that is not yet in the file. */
export type Left = 'closed' | 'killed'

export interface Damage {
  readonly name: string
  readonly left: Left
  /** How it is found: the code of a start that is refused, a delivery in quarantine, or a line at the start. */
  readonly found: 'ERR_INBOX_CORRUPT' | 'ERR_INBOX_FOREIGN' | 'quarantine' | 'told'
  /** It is found only when the file is ours and is worked on, so that something was written to it by then. */
  readonly readable?: true
  /** In ordinary runs too. */
  readonly often?: true
  readonly apply: (path: string, random: Random) => void
}

export interface Aftermath {
  /** The code of a start that was refused; null: it went on. */
  readonly refused: string | null
  /** The file still has the bytes that the damage left it with; only asked of a start that was refused. */
  readonly kept: boolean
  /** What the process said in its log. */
  readonly told: readonly string[]
  /** Acknowledged deliveries: still whole, known to be damaged, gone. */
  readonly whole: number
  readonly known: number
  readonly gone: number
  /** Events of whole deliveries that ended nowhere, and calls with bytes that nobody sent. */
  readonly lost: number
  readonly altered: number
}

/** Deliveries that no handler has seen, of all the ways bytes are kept: in their page, beside it, compressed. */
export async function leave(left: Left, random: Random): Promise<Site> {
  const site = new Site()
  const running = await site.start({ handler: 'none' })
  const sizes = [10, 3_000, 20_000, 50_000]
  for (let i = 0; i < 24; i++) {
    const pad = noise(random, sizes[i % sizes.length] ?? 0)
    await running.sender.deliver(site.ledger.add([{ pad }, {}]))
  }
  await running.sender.deliver(site.ledger.add([{ pad: 'shrinks '.repeat(20_000) }]))
  if (left === 'killed') await running.kill()
  else await running.end()
  return site
}

/** Starts on the damaged file, gives it time, ends it, and looks. */
export async function startOn(site: Site): Promise<Aftermath> {
  const found = existsSync(site.path) ? readFileSync(site.path) : null
  const running = await site.launch({ retry: { minMs: 1, maxMs: 1 } })
  const said = await Promise.race([running.child.line('open'), running.child.line('refused')])
  const logged = () => running.child.lines.flatMap(({ log }) => (typeof log === 'string' ? [log] : []))
  if ('refused' in said) {
    const { status } = await running.sender.post(site.ledger.add([{}]))
    site.ledger.sent.pop()
    await running.kill()
    if (status !== 503) throw new Error(`answered ${status} without an inbox`)
    const kept = found !== null && existsSync(site.path) && readFileSync(site.path).equals(found)
    return { ...NOTHING, refused: String(said.refused), kept, told: logged() }
  }
  await comesToRest(running)
  await running.kill()
  return { ...(await look(site)), told: logged() }
}

const NOTHING: Aftermath = { refused: null, kept: true, told: [], whole: 0, known: 0, gone: 0, lost: 0, altered: 0 }

/** A file that cannot be worked on any more has work left for ever. */
async function comesToRest(running: Running): Promise<void> {
  for (let last = ''; ; ) {
    await new Promise((resolve) => setTimeout(resolve, 300))
    const now = await running.control<object>('stats').then(JSON.stringify, String)
    if (now === last) return
    last = now
  }
}

async function look(site: Site): Promise<Aftermath> {
  const inbox = sqlite({ path: site.path, ownerWaitMs: 10_000, minFreeBytes: 0 })[port]
  const silent = { info() {}, warn() {}, error() {} }
  const clock = { now: () => Date.now(), steady: () => performance.now(), after: () => () => {} }
  await inbox.open({ handlers: [], logger: silent, clock, role: 'owner', onRedelivery: 'record' })
  try {
    const effects = readEffects(site.effectsPath)
    const handled = new Set(effects.map(({ id }) => id))
    const sums = { whole: 0, known: 0, gone: 0, lost: 0 }
    const condemned = await inbox.records.list('quarantine', { before: null, limit: 500 }).catch(() => [])
    const quarantined = new Set(condemned.map(({ deliveryId }) => deliveryId))
    for (const sent of site.ledger.acknowledged) {
      const id = sent.acknowledged[0] ?? ''
      const state = quarantined.has(id) ? 'known' : await stateOf(() => inbox.records.delivery(id), sent)
      sums[state]++
      if (state === 'whole') for (let i = 0; i < sent.count; i++) if (!handled.has(`${id}.${i}`)) sums.lost++
    }
    return { ...NOTHING, ...sums, altered: effects.filter((effect) => !isSent(site, effect)).length }
  } finally {
    await inbox.close()
  }
}

type State = 'whole' | 'known' | 'gone'

async function stateOf(read: () => Promise<{ body: Uint8Array } | null>, sent: Sent): Promise<State> {
  try {
    const stored = await read()
    return stored === null || stored.body.byteLength !== sent.bytes ? 'gone' : 'whole'
  } catch (error) {
    if (error instanceof PosthornError) return 'known'
    throw error
  }
}

function isSent({ ledger }: Site, { id, n }: { readonly id: string; readonly n: number }): boolean {
  const index = Number(id.split('.')[1])
  return ledger.sent.some((sent) => n === sent.first + index && index < sent.count)
}

// ---- damages -----------------------------------------------------------------------------------------------------

function flip(path: string, at: number, random: Random): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << between(random, 0, 7))
  writeFileSync(path, bytes)
}

const sizeOf = (path: string) => readFileSync(path).length
const PAGE = 4_096
const WAL_HEADER = 32
const FRAME = 24 + PAGE

/** Where the first page of a table or index begins. */
function rootOf(path: string, name: string): number {
  const db = new DatabaseSync(path)
  try {
    const row = db.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(name)
    return (Number(row?.rootpage) - 1) * PAGE
  } finally {
    db.close()
  }
}

/** The middle of a text that the largest body stored as it is has in it. */
function insideBody(path: string): number {
  const db = new DatabaseSync(path)
  const row = db.prepare('SELECT body FROM delivery WHERE coding IS NULL ORDER BY size DESC LIMIT 1').get()
  db.close()
  const text = Buffer.from(row?.body as Uint8Array).subarray(25_000, 25_060)
  const at = readFileSync(path).indexOf(text)
  if (at < 0) throw new Error('the body is not where it should be')
  return at + 5
}

const zero = (path: string, at: number, length: number) =>
  writeFileSync(path, Buffer.from(readFileSync(path)).fill(0, at, at + length))
const wal = (path: string) => `${path}-wal`
/** Of whole frames. */
const frames = (path: string) => Math.floor((sizeOf(wal(path)) - WAL_HEADER) / FRAME)
const half = (path: string) => Math.floor(frames(path) / 2)
const frameAt = (n: number) => WAL_HEADER + n * FRAME

/** Every class of position. */
export const DAMAGES: readonly Damage[] = [
  {
    name: 'a bit of a body',
    left: 'closed',
    found: 'quarantine',
    often: true,
    apply: (path, random) => flip(path, insideBody(path), random),
  },
  {
    name: 'a bit of the first 16 bytes',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    apply: (path, random) => flip(path, between(random, 0, 15), random),
  },
  {
    name: 'a bit of the number that says whose file it is',
    left: 'closed',
    found: 'ERR_INBOX_FOREIGN',
    apply: (path, random) => flip(path, between(random, 68, 71), random),
  },
  {
    name: 'the head of the first page',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    often: true,
    apply: (path) => zero(path, 100, 8),
  },
  {
    name: 'the first page of the log of deliveries',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    readable: true,
    apply: (path) => zero(path, rootOf(path, 'delivery'), PAGE),
  },
  {
    name: 'the first page of progress',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    readable: true,
    apply: (path) => zero(path, rootOf(path, 'progress'), PAGE),
  },
  {
    name: 'the second half cut off',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    often: true,
    apply: (path) => truncateSync(path, sizeOf(path) / 2),
  },
  {
    name: 'all but five pages and a bit cut off',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    apply: (path) => truncateSync(path, 5 * PAGE + 100),
  },
  { name: 'no bytes at all', left: 'closed', found: 'told', often: true, apply: (path) => truncateSync(path, 0) },
  { name: 'no file at all', left: 'closed', found: 'told', apply: (path) => rmSync(path) },
  {
    name: 'a text of somebody',
    left: 'closed',
    found: 'ERR_INBOX_CORRUPT',
    apply: (path) => writeFileSync(path, 'dear diary, '.repeat(5_000)),
  },
  { name: 'a database of somebody', left: 'closed', found: 'ERR_INBOX_FOREIGN', apply: foreign },
  {
    name: 'a bit of the head of the write-ahead log',
    left: 'killed',
    found: 'told',
    often: true,
    apply: (path, random) => flip(wal(path), between(random, 8, 31), random),
  },
  {
    name: 'a bit of the head of a frame',
    left: 'killed',
    found: 'told',
    apply: (path, random) => flip(wal(path), frameAt(half(path)) + between(random, 0, 23), random),
  },
  {
    name: 'a bit of a page in the write-ahead log',
    left: 'killed',
    found: 'told',
    often: true,
    apply: (path, random) => flip(wal(path), frameAt(half(path)) + between(random, 24, FRAME - 1), random),
  },
  {
    name: 'a bit of the last frame',
    left: 'killed',
    found: 'told',
    apply: (path, random) => flip(wal(path), frameAt(frames(path) - 1) + between(random, 0, FRAME - 1), random),
  },
  {
    name: 'the second half of the write-ahead log cut off',
    left: 'killed',
    found: 'told',
    often: true,
    apply: (path) => truncateSync(wal(path), frameAt(half(path))),
  },
  {
    name: 'a write-ahead log without bytes',
    left: 'killed',
    found: 'told',
    apply: (path) => truncateSync(wal(path), 0),
  },
  { name: 'no write-ahead log at all', left: 'killed', found: 'told', apply: (path) => rmSync(wal(path)) },
]

/** Any bit of the file: most are in bodies, some in rows and indexes, which have no checksum. */
export function flipAnywhere(path: string, random: Random): void {
  flip(path, between(random, 0, sizeOf(path) - 1), random)
}

function foreign(path: string): void {
  truncateSync(path, 0)
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)')
  db.close()
}

/** What is wrong with how a damage was met; empty: it was found, and nothing was made worse. */
export function faultsOf({ found, readable }: Damage, after: Aftermath): string[] {
  const { refused, kept, told, whole, known, gone, lost, altered } = after
  const faults: string[] = []
  if (altered > 0) faults.push(`${altered} calls with what nobody sent`)
  if (lost > 0) faults.push(`${lost} events of whole deliveries ended nowhere`)
  const speaks = told.some((line) => line.includes('is damaged') || line.includes('missing or empty'))
  if (gone > 0 && !speaks) faults.push(`${gone} deliveries are gone, and nobody says so`)
  if (found === 'told' && !(speaks && gone > 0)) faults.push(`said nothing: ${JSON.stringify(after)}`)
  if (found === 'quarantine' && !(known === 1 && whole > 0)) faults.push(`not in quarantine: ${JSON.stringify(after)}`)
  if (found.startsWith('ERR') && refused !== found) faults.push(`not refused as ${found}: ${JSON.stringify(after)}`)
  if (found.startsWith('ERR') && readable !== true && !kept) faults.push('the file was changed')
  return faults
}
