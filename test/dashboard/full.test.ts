/**
 * What a look takes of a large file: calls to the threads of SQLite, each of which looks at 1 000 rows at most, and rows that
 * they answer with. `POSTHORN_FULL_EVENTS` makes the file larger; `npm run bench -- dashboard` has the times.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { dashboard } from '../../src/dashboard/index.ts'
import { PermanentError } from '../../src/errors.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { Thread } from '../../src/inboxes/sqlite/main/thread.ts'
import { boardDoor } from '../../src/lib/symbols.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { receiverIn } from '../support/receivers.ts'
import { endAll, ends } from './kit.ts'

afterEach(endAll)

const EVENTS = Number(process.env.POSTHORN_FULL_EVENTS ?? 64_000)
const [BATCH, MINUTE, STRETCH] = [20, 60_000, 1_000]
const COUNTS = 20
/** Whose events come once in so many deliveries. */
const EVERY = 800
const WHO = 'jo@shop.example'

interface Taken {
  calls: number
  rows: number
}

/** Two sources; each delivery of `outlet`, which is one in five, has four dead letters, and the first ten what nobody can read. */
async function full(events: number) {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-full-'))
  const clock = new FakeClock(Date.UTC(2026, 10, 1))
  const receiver = receiverIn(clock, { inbox: sqlite({ path: join(folder, 'inbox.db') }) })
  ends.push(async () => {
    await receiver.close({ timeoutMs: 0 })
    rmSync(folder, { recursive: true })
  })
  receiver.on('toy.ping', { name: 'mailer' }, (event) => {
    if ((event.payload as { dies?: boolean }).dies) throw new PermanentError('no row')
  })
  await receiver.start()
  const deliveries = Math.ceil(events / BATCH)
  for (let post = 0; post < deliveries; post++) {
    const isOutlet = post % 5 === 0
    const one = (n: number) => ({
      type: 'ping',
      n: post * BATCH + n,
      to: n === 0 && post % EVERY === 0 ? WHO : `p${post}.${n}@mail.example`,
      ...(isOutlet && n > 0 && n < 5 ? { dies: true } : {}),
      ...(isOutlet && post < 50 && n > 4 ? { type: 'none', bad: 1 } : {}),
    })
    const body = JSON.stringify(Array.from({ length: BATCH }, (_, n) => one(n)))
    await receiver.inject(isOutlet ? 'outlet' : 'shop', body)
    if (post % 50 === 49) {
      await receiver.whenIdle()
      await clock.advance(MINUTE)
    }
  }
  await receiver.whenIdle()
  await clock.advance(2 * MINUTE)
  const board = dashboard(receiver as never, { access: { people: 'clear', bytes: true } })[boardDoor]
  return { deliveries, receiver, board }
}

type Full = Awaited<ReturnType<typeof full>>

function asking({ board }: Full, query: string, body: Uint8Array | null = null) {
  const own = ['host', 'localhost', 'connection', 'keep-alive', 'origin', 'http://localhost']
  return board.answer({
    ...{ method: body === null ? 'GET' : 'POST', query, body, peer: '127.0.0.1', isSecure: false, httpVersion: '1.1' },
    rawHeaders: [...own, 'content-type', 'application/x-www-form-urlencoded'],
    access: undefined,
    signal: new AbortController().signal,
  })
}

async function look(made: Full, query: string): Promise<Taken> {
  const taken: Taken = { calls: 0, rows: 0 }
  const call = Thread.prototype.call
  const spy = vi.spyOn(Thread.prototype, 'call').mockImplementation(async function (this: Thread, ...given) {
    const answer: unknown = await call.apply(this, given)
    taken.calls++
    const { rows = answer } = (answer ?? {}) as { readonly rows?: unknown }
    if (Array.isArray(rows)) taken.rows += rows.length
    return answer as never
  })
  const { status } = await asking(made, query)
  spy.mockRestore()
  expect(status, query).toBe(200)
  return taken
}

const VIEWS = [
  ...['now', 'sender&source=outlet', 'deliveries', 'deliveries&filter=source:outlet', 'events', 'bounces'],
  ...['dead', 'dead&filter=handler:mailer', 'quarantine', 'quarantine&filter=source:outlet', 'handlers', 'storage'],
]

it('takes as much of a large file as of one a quarter of its size, and finds a person by traces', {
  timeout: 600_000,
}, async () => {
  const [small, large] = [await full(EVENTS / 4), await full(EVENTS)]
  const grown: unknown[] = []
  for (const view of VIEWS) {
    const query = `view=${view}`
    // The first look of a process opens the file, and gathers what looks share.
    for (const made of [small, large]) await asking(made, query)
    const [few, many] = [await look(small, query), await look(large, query)]
    // Of counts there are more where more time has passed.
    if (many.calls > few.calls || many.rows > few.rows + COUNTS || many.rows > 1_500) grown.push({ view, few, many })
  }
  expect(grown).toEqual([])
  for (const made of [small, large]) {
    const { headers } = await asking(made, 'search', Buffer.from(String(new URLSearchParams({ q: WHO }))))
    const found = Math.min(100, Math.ceil(made.deliveries / EVERY))
    const query = String(headers.location).slice(1)
    const { data } = JSON.parse(String((await asking(made, `${query}&as=json`)).body))
    expect(data.events).toHaveLength(found)
    const { rows, calls } = await look(made, query)
    expect(rows).toBeLessThanOrEqual(found + 500)
    // Its own deliveries are read, and those that have no trace, since not all of them could be read.
    expect(calls).toBeLessThanOrEqual(Math.ceil(made.deliveries / STRETCH) + 2 * (found + 10) + 20)
  }
})
