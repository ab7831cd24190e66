/**
 * Random lives of a handler with `orderBy`, over every inbox: events that fail, handlers that are slow, pauses, restarts under
 * another name, crashes, leaps of the clock, inboxes that fail for a while, retries of dead letters, replays and erasures.
 * Whatever happens, the events of a key never overlap, never overtake each other, and every one comes to its end. A failure
 * prints its seed; POSTHORN_SEED repeats it, POSTHORN_RUNS asks for more.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { HandlerContext } from '../../../src/public/handlers.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { around } from '../../faults/harness/around.ts'
import { inboxesInSchema } from '../../inboxes/postgres/mortal.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { inboxesInMemory, type Kept, type Life, mortalInbox } from '../../support/mortal.ts'
import { send } from '../../support/neutral.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { receiverIn } from '../../support/receivers.ts'
import { troubled } from '../../support/troubled.ts'
import { KNOWN, type Step, step, type Verb } from './lives/steps.ts'
import { Watch } from './lives/watch.ts'

/** What the work on deliveries asks of an inbox. */
const WORK = ['claim', 'noteCalls', 'saveProgress', 'settle', 'wake'] as const

async function live(steps: readonly Step[], inboxOf: Kept): Promise<Watch> {
  const clock = new FakeClock()
  const watch = new Watch(clock)
  let life: Life
  let failing: readonly boolean[] = []
  let calls = 0
  let names = 0
  let called = ''
  let [isSlow, isSparing] = [false, false]
  const later = async <T>(answer: Promise<T>): Promise<T> => {
    const value = await answer
    if (isSlow && calls++ % 2 === 0) await new Promise<void>((resolve) => void clock.after(300, resolve))
    return value
  }
  const slowed = (inbox: Inbox) =>
    around(inbox, (inner) => ({
      claim: (request) => later(inner.claim(isSparing ? { ...request, maxDeliveries: 1 } : request)),
      settle: (settlement) => later(inner.settle(settlement)),
    }))
  const fails = () => failing[calls++ % 8] === true
  const start = async () => {
    const mine = { isDead: false }
    life = mine
    const receiver = receiverIn(clock, { inbox: slowed(troubled(inboxOf(mine), WORK, fails)) })
    const orderBy = (event: AnyEvent) => (event.payload as { key?: string }).key || null
    const handle = (event: AnyEvent, context: HandlerContext) => watch.handle(event, context, mine)
    called = `kept-${names}`
    const formerly = Array.from({ length: names }, (_, before) => `kept-${before}`)
    receiver.on('toy.ping', { name: called, formerly, orderBy, concurrency: 3 }, handle)
    receiver.on('toy.ping', { name: 'other' }, () => {})
    await receiver.start()
    return receiver
  }
  let receiver = await start()
  const end = async (timeoutMs: number) => {
    let isOver = false
    const closed = receiver.close({ timeoutMs }).finally(() => (isOver = true))
    // What the inbox could not do is given up when it is asked once more. A file takes its own time: it goes on until then.
    while (!isOver) await clock.advance(timeoutMs + 1_010)
    await closed
  }
  const ask = async (verb: Verb) => {
    const { inbox } = receiver
    if (verb === 'replay') return inbox.replay({ all: true })
    if (verb === 'retry') return inbox.retry({ all: true })
    const email = addressOf(erasures++)
    for (const one of gone.splice(0)) watch.erased.add(one)
    return inbox.erase({ email })
  }
  let n = 0
  let erasures = 0
  const gone: number[] = []
  for (const { do: what, events, ms, leapMs = 0, fails: failsNow } of steps) {
    if (what === 'wait') await clock.advance(ms)
    if (what === 'pause') await receiver.inbox.pause(called)
    if (what === 'rename') names++
    if (what === 'slow') [isSlow, isSparing] = [ms < 5_000, ms < 1_000]
    if (what === 'leap') clock.leap(leapMs)
    if (what === 'fail') failing = failsNow
    if (what === 'resume') await receiver.inbox.resume(called)
    // Its process may die over it, or be closed.
    if (what === 'retry' || what === 'replay' || what === 'erase') ask(what).catch(() => {})
    if (what === 'crash') {
      life!.isDead = true
      watch.died()
      receiver = await start()
    } else if (what === 'restart') {
      await end(10 + Math.min(ms, 1_500))
      receiver = await start()
    }
    if (what !== 'post') continue
    const body = events.map(({ key, fates, isGone }) => {
      watch.expects(n, fates)
      if (isGone) gone.push(n)
      return { type: 'ping', key, n: n++, ...(isGone && { to: addressOf(erasures) }) }
    })
    expect((await send(receiver, { body: JSON.stringify(body) })).status).toBe(200)
    if (ms > 1_000) await settled()
  }
  failing = []
  isSlow = false
  await receiver.inbox.resume(called)
  for (let round = 0; round < 400 && (await receiver.inbox.stats()).pending > 0; round++) await clock.advance(10_000)
  const { pending } = await receiver.inbox.stats()
  await end(10)
  expect(pending).toBe(0)
  expect(watch.faults).toEqual([])
  const ended = new Set([...watch.ended.values()].flat())
  expect(Array.from({ length: n }, (_, one) => one).filter((one) => !ended.has(one) && !watch.erased.has(one))).toEqual(
    [],
  )
  return watch
}

const addressOf = (erasure: number) => `gone${erasure}@b.example`

const folder = mkdtempSync(join(tmpdir(), 'posthorn-order-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

/** A process that dies leaves its files as they are, for good; the next one has copies of them. */
function keptInFile(): Kept {
  let path = join(folder, `${++files}.db`)
  let before: { readonly life: Life; readonly inbox: Inbox } | null = null
  return (life) => {
    if (before?.life.isDead) {
      path = copied(path)
      void before.inbox[port].close()
    }
    const inbox = sqlite({ path })
    before = { life, inbox }
    return mortalInbox(inbox, life)
  }
}

function copied(path: string): string {
  const copy = join(folder, `${++files}.db`)
  for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end)
  return copy
}

const seed = process.env.POSTHORN_SEED === undefined ? {} : { seed: Number(process.env.POSTHORN_SEED) }
const runs = (own: number) => Number(process.env.POSTHORN_RUNS ?? own)

let server: Server | null = null
beforeAll(async () => {
  if (programsOf() !== null) server = await startServer({ fsync: 'off' })
}, 60_000)
afterAll(() => server?.remove(), 60_000)

describe.each([
  ['memory', inboxesInMemory, runs(60), false],
  ['SQLite', keptInFile, runs(15), false],
  ['PostgreSQL', () => inboxesInSchema(server as Server), runs(8), programsOf() === null],
] as const)('a handler with orderBy over the %s inbox', (_name, newKept, numRuns, lacksServer) => {
  const timeout = Math.max(300_000, numRuns * 5_000)
  it.skipIf(lacksServer)(
    'gets the events of a key one at a time, in order, whatever happens',
    { timeout },
    async () => {
      const lives = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const watch = await live(steps, newKept())
        for (const [key, ended] of watch.ended) if (key !== '') expect(ended).toEqual([...ended].sort((a, b) => a - b))
      })
      await fc.assert(lives, { numRuns, examples: KNOWN.map((steps) => [steps]), ...seed })
    },
  )
})
