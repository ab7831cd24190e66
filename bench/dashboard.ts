/**
 * What a look takes on a full inbox: `npm run bench -- dashboard [events] [folder]`, by default a million events in a file of
 * their own; one in a folder that is named stays, and is looked at again. 35 days of two senders, most of it in batches of
 * 1 000 events, a million people, one event in 5 000 dead, one in 10 000 in quarantine. Each view is asked for as a page,
 * without a network: `first` by a process that has not looked yet, `again` the median of looks a second apart, `busy` the
 * median of what the processor had to do for those, in all threads: what else runs on the machine is not in it.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { token } from '../src/auth/index.ts'
import { systemClock } from '../src/core/base/clock.ts'
import { createPacer } from '../src/core/base/pacer.ts'
import { createReceiverIn } from '../src/core/receiver.ts'
import { dashboard } from '../src/dashboard/index.ts'
import { PermanentError } from '../src/errors.ts'
import { sqlite } from '../src/inboxes/sqlite/index.ts'
import { boardDoor, deskDoor, watchDoor } from '../src/lib/symbols.ts'
import type { BoardAnswer } from '../src/ports/board.ts'
import type { Clock } from '../src/ports/clock.ts'
import { mailjet } from '../src/providers/mailjet/index.ts'
import { momentum } from '../src/providers/momentum/index.ts'

const words = process.argv.slice(2).filter((word) => word !== 'dashboard')
const EVENTS = Number(words[0] ?? 1_000_000)
const folder = words[1] ?? mkdtempSync(join(tmpdir(), 'posthorn-dashboard-'))
const path = join(folder, 'inbox.db')
const isThere = existsSync(path)
const [DAYS, BATCH, SMALL, PEOPLE, LOOKS] = [35, 1_000, 10, 1_000_000, 5]
const DAY_MS = 86_400_000

function latestIn(file: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  const row = database.prepare('SELECT max(received_at) AS at FROM delivery').get()
  database.close()
  return Number(row?.at ?? Date.now())
}

/** Its wall and its steady hands go together, so that nothing takes it for a leap. */
class SeedingClock implements Clock {
  aheadMs = 0
  /** One that is there is looked at as it was when its last delivery came. */
  readonly #backMs = isThere ? Date.now() - latestIn(path) : DAYS * DAY_MS
  now = () => Date.now() - this.#backMs + this.aheadMs
  steady = () => performance.now() + this.aheadMs
  after = systemClock.after
}
const clock = new SeedingClock()

const receiver = createReceiverIn(
  { clock, random: Math.random, createPacer },
  {
    inbox: sqlite({ path }),
    sources: {
      shop: momentum({ auth: token('a-secret-of-the-bench') }),
      letters: mailjet({ auth: token('a-secret-of-the-bench') }),
    },
    retention: { bodies: '400d', keys: '400d', deadLetters: '400d', quarantine: '400d' },
    logger: false,
  },
)
receiver.on('*', { name: 'warehouse' }, (event: { readonly messageId: string | null }) => {
  if (Number(event.messageId?.slice(1)) % 5_000 === 4_999) throw new PermanentError(`no row for ${event.messageId}`)
})
receiver.on('*', { name: 'suppression list' }, () => {})

const KINDS = [
  'injection',
  'delivery',
  'initial_open',
  'delivery',
  'click',
  'bounce',
  'delivery',
  'spam_complaint',
  'delay',
]
const DOMAINS = ['shop.example', 'mail.example', 'firma.example', 'letters.example']
let next = 0

const personOf = (n: number) => `p${(n * 7_919) % PEOPLE}@${DOMAINS[n % DOMAINS.length]}`

function event(): object {
  const n = next++
  if (n % 10_000 === 9_999) return { msys: n }
  const type = KINDS[n % KINDS.length]
  const fields = {
    ...{ type, event_id: `e${n}`, message_id: `m${n}`, timestamp: String(Math.floor(clock.now() / 1_000)) },
    ...{
      rcpt_to: personOf(n),
      subject: `Offers of week ${n % 53}`,
      ip_address: `192.0.2.${n % 256}`,
      customer_id: '17',
    },
    ...(type === 'bounce'
      ? { bounce_class: String([10, 20, 22, 30, 51][n % 5]), raw_reason: `550 5.1.1 no such user ${n}` }
      : {}),
    ...{ transmission_id: String(7_000_000 + n), campaign_id: `autumn ${n % 40}`, rcpt_meta: { order: String(n) } },
    ...(type === 'click'
      ? { target_link_url: `https://shop.example/${n % 977}`, user_agent: 'Mozilla/5.0 '.repeat(8) }
      : {}),
  }
  return { msys: { [type === 'click' || type === 'initial_open' ? 'track_event' : 'message_event']: fields } }
}

const letter = (): object => ({
  event: 'open',
  time: Math.floor(clock.now() / 1_000),
  MessageID: next,
  email: personOf(next),
  ip: '192.0.2.9',
})

async function seed(): Promise<void> {
  const began = performance.now()
  const small = Math.floor(EVENTS / 20)
  const posts = Math.ceil((EVENTS - small) / BATCH) + Math.ceil(small / SMALL)
  const everySmall = Math.ceil(posts / Math.ceil((EVENTS - small) / BATCH))
  for (let post = 0; post < posts; post++) {
    clock.aheadMs = (post / posts) * DAYS * DAY_MS
    const size = post % everySmall === 0 ? BATCH : SMALL
    await receiver.inject('shop', JSON.stringify(Array.from({ length: size }, event)))
    if (post % 500 === 0) await receiver.inject('letters', JSON.stringify([letter()]))
    if (post % 64 === 0) await receiver.whenIdle()
  }
  clock.aheadMs = DAYS * DAY_MS
  await receiver.whenIdle()
  const s = (performance.now() - began) / 1_000
  console.log(`${next} events in ${posts} posts, ${s.toFixed(0)} s`)
}

/** As a process has it that has not looked yet: what looks share is kept by its sources. */
function fresh() {
  const door = receiver[watchDoor]
  const own = {
    ...{ [deskDoor]: receiver[deskDoor], [watchDoor]: { ...door, sources: new Map(door.sources) } },
    ...{ health: () => receiver.health(), metrics: () => receiver.metrics() },
  }
  return dashboard(own, { access: { people: 'clear', bytes: true } })[boardDoor]
}

async function ask(
  door: ReturnType<typeof fresh>,
  query: string,
  body: Uint8Array | null = null,
): Promise<BoardAnswer> {
  const own = ['host', 'localhost', 'connection', 'keep-alive', 'origin', 'http://localhost']
  const rawHeaders = [...own, 'content-type', 'application/x-www-form-urlencoded']
  return door.answer({
    ...{ method: body === null ? 'GET' : 'POST', query, rawHeaders, body, peer: '127.0.0.1', isSecure: false },
    ...{ httpVersion: '1.1', access: undefined, signal: new AbortController().signal },
  })
}

async function placeOf(q: string): Promise<string> {
  const { headers } = await ask(fresh(), 'search', Buffer.from(String(new URLSearchParams({ q }))))
  return (headers.location ?? '').slice(1)
}

async function firstOf<T>(rows: AsyncIterable<T>): Promise<T> {
  for await (const row of rows) return row
  throw new Error('nothing is stored')
}

const at = (view: string, more: Record<string, string> = {}) => String(new URLSearchParams({ view, ...more }))

async function questions(): Promise<Record<string, string>> {
  const { inbox } = receiver
  const delivery = await firstOf(inbox.deliveries({ source: 'shop' }))
  const dead = await firstOf(inbox.deadLetters())
  const { event: old } = await lastOf(dead.event.id)
  return {
    ...{ now: at('now'), 'now, 7 days': at('now', { range: '7d' }), 'now, 35 days': at('now', { range: '35d' }) },
    ...{ sender: at('sender', { source: 'shop' }), deliveries: at('deliveries') },
    'deliveries of letters': at('deliveries', { filter: 'source:letters' }),
    delivery: at('delivery', { id: delivery.id }),
    ...{ events: at('events'), 'events, bounced': at('events', { filter: 'type:bounced', range: '7d' }) },
    'events, none match': at('events', { filter: 'type:subscribed', range: '35d' }),
    ...{ event: at('event', { id: dead.event.id }), message: at('message', { id: old.messageId ?? '' }) },
    ...{ person: await placeOf(old.email ?? ''), 'person of nothing': await placeOf('nobody@shop.example') },
    ...{ bounces: at('bounces'), 'bounces, 35 days': at('bounces', { range: '35d' }), suppression: at('suppression') },
    ...{
      dead: at('dead'),
      'dead of a handler': at('dead', { filter: 'handler:warehouse' }),
      quarantine: at('quarantine'),
    },
    ...{ replays: at('replays'), handlers: at('handlers'), storage: at('storage') },
  }
}

/** The oldest dead letter: what is furthest from where a look begins. */
async function lastOf(after: string) {
  let last = await firstOf(receiver.inbox.deadLetters({ ids: [after] }))
  for await (const one of receiver.inbox.deadLetters()) last = one
  return last
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0
const ms = (value: number) => (value < 100 ? value.toFixed(1) : value.toFixed(0)).padStart(8)

interface Timed {
  readonly tookMs: number
  readonly busyMs: number
  readonly answer: BoardAnswer
}

async function timed(door: ReturnType<typeof fresh>, query: string): Promise<Timed> {
  const [began, before] = [performance.now(), process.cpuUsage()]
  const answer = await ask(door, query)
  const { user, system } = process.cpuUsage(before)
  return { tookMs: performance.now() - began, busyMs: (user + system) / 1_000, answer }
}

try {
  await receiver.start()
  if (!isThere) await seed()
  const { deadLetters, quarantined } = await receiver.inbox.stats()
  console.log(`${deadLetters} dead letters, ${quarantined} in quarantine; ms of a page:`)
  console.log(['first', 'again', 'busy'].map((word) => word.padStart(8)).join(' '))
  for (const [name, query] of Object.entries(await questions())) {
    const door = fresh()
    const first = await timed(door, query)
    const again: Timed[] = []
    for (let look = 0; look < LOOKS; look++) {
      await new Promise((resolve) => setTimeout(resolve, 1_050))
      again.push(await timed(door, query))
    }
    const { status, body } = first.answer
    const partial = /class="notice"/.test(String(body)) ? ', partial' : ''
    const [took, busy] = [median(again.map(({ tookMs }) => tookMs)), median(again.map(({ busyMs }) => busyMs))]
    console.log(`${ms(first.tookMs)} ${ms(took)} ${ms(busy)}  ${name}${status === 200 ? '' : ` (${status})`}${partial}`)
  }
} finally {
  await receiver.close()
  if (words[1] === undefined) rmSync(folder, { recursive: true })
}
