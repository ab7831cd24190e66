/**
 * Random lives of a handler with `orderBy`, over both inboxes: events that fail, handlers that are slow, pauses and
 * restarts, and crashes where the inbox is in memory. Whatever happens, the events of a key never overlap, never overtake
 * each other, and every one comes to its end. A failure prints its seed; POSTHORN_SEED repeats it, POSTHORN_RUNS asks for more.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { PermanentError, RetryLater } from '../../../src/errors.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import type { Inbox } from '../../../src/ports/inbox/index.ts'
import type { HandlerContext } from '../../../src/public/handlers.ts'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { inboxesInMemory, type Life } from '../../support/mortal.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'

type Fate = 'done' | 'slow' | 'fails' | 'later' | 'dies'

interface Step {
  readonly do: 'post' | 'wait' | 'restart' | 'crash' | 'pause' | 'resume'
  /** Of the events of a post: their keys, '' for none, and how often each fares how. */
  readonly events: readonly { readonly key: string; readonly fates: readonly Fate[] }[]
  readonly ms: number
}

const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>('done') },
  { weight: 2, arbitrary: fc.constant<Fate>('slow') },
  { weight: 2, arbitrary: fc.constant<Fate>('fails') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('later', 'dies') },
)
const event = fc.record({ key: fc.constantFrom('a', 'a', 'b', 'c', ''), fates: fc.array(fate, { maxLength: 4 }) })
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 8, arbitrary: fc.constant('post' as const) },
    { weight: 5, arbitrary: fc.constant('wait' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('restart' as const, 'crash' as const, 'pause' as const, 'resume' as const),
    },
  ),
  events: fc.array(event, { minLength: 1, maxLength: 60 }),
  ms: fc.constantFrom(0, 1, 300, 1_500, 5_000, 60_000),
})

const post = (...events: readonly (readonly [key: string, ...fates: Fate[]])[]): Step => ({
  do: 'post',
  events: events.map(([key, ...fates]) => ({ key, fates })),
  ms: 0,
})
const then = (what: Step['do']): Step => ({ do: what, events: [], ms: 0 })

/** What a process left parked when it died, and has to wait for deliveries that it had not settled. */
const AFTER_A_CRASH: readonly Step[][] = [
  [post(['a', 'fails'], ['', 'slow'], ['a']), post(['a']), then('crash'), post(['a'])],
  [post(['c', 'slow'], ['a']), post(['a', 'fails'], ['c']), post(['a']), then('pause'), then('crash'), post(['a'])],
]

/** What a handler sees, and what it must not see. */
class Watch {
  readonly #clock: FakeClock
  readonly #fates = new Map<number, Fate[]>()
  readonly #running = new Map<string, number>()
  /** By key, the numbers of the events that have ended. */
  readonly ended = new Map<string, number[]>()
  readonly faults: string[] = []

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  expects(n: number, fates: readonly Fate[]): void {
    this.#fates.set(n, [...fates])
  }

  async handle(event: AnyEvent, { signal }: HandlerContext, life: Life): Promise<void> {
    if (life.isDead) return
    const { key, n } = event.payload as { key: string; n: number }
    if (key !== '' && this.#running.has(key)) this.faults.push(`${n} runs beside ${this.#running.get(key)}`)
    this.#running.set(key, n)
    try {
      await this.#meet(this.#fates.get(n)?.shift() ?? 'done', n, signal)
      if (!life.isDead) this.#end(key, n)
    } catch (error) {
      if (error instanceof PermanentError) this.#end(key, n)
      throw error
    } finally {
      if (!life.isDead && this.#running.get(key) === n) this.#running.delete(key)
    }
  }

  /** Nobody runs any more. */
  died(): void {
    this.#running.clear()
  }

  async #meet(fate: Fate, n: number, signal: AbortSignal): Promise<void> {
    if (fate === 'slow') await this.#sleep(700 + (n % 5) * 300, signal)
    if (fate === 'fails') throw new Error('not now')
    if (fate === 'later') throw new RetryLater({ afterMs: 2_000 })
    if (fate === 'dies') throw new PermanentError('never')
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#clock.after(ms, resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }

  #end(key: string, n: number): void {
    const ended = this.ended.get(key) ?? []
    if (!ended.includes(n)) ended.push(n)
    this.ended.set(key, ended)
  }
}

/** What outlives its processes. */
interface Kept {
  /** False: a process cannot die without taking it along, so that it ends in order. */
  readonly mayDie: boolean
  inboxOf(life: Life): Inbox
}

async function live(steps: readonly Step[], { inboxOf, mayDie }: Kept): Promise<Watch> {
  const clock = new FakeClock()
  const watch = new Watch(clock)
  let life: Life
  const start = async () => {
    const mine = { isDead: false }
    life = mine
    const receiver = receiverIn(clock, { inbox: inboxOf(mine) })
    const orderBy = (event: AnyEvent) => (event.payload as { key?: string }).key || null
    const handle = (event: AnyEvent, context: HandlerContext) => watch.handle(event, context, mine)
    receiver.on('toy.ping', { name: 'kept', orderBy, concurrency: 3 }, handle)
    receiver.on('toy.ping', { name: 'other' }, () => {})
    await receiver.start()
    return receiver
  }
  let receiver = await start()
  let n = 0
  for (const { do: what, events, ms } of steps) {
    if (what === 'wait') await clock.advance(ms)
    if (what === 'pause') await receiver.inbox.pause('kept')
    if (what === 'resume') await receiver.inbox.resume('kept')
    if (what === 'crash' && mayDie) {
      life!.isDead = true
      watch.died()
      receiver = await start()
    } else if (what === 'restart' || what === 'crash') {
      const closed = receiver.close({ timeoutMs: 10 })
      await clock.advance(20)
      await closed
      receiver = await start()
    }
    if (what !== 'post') continue
    const body = events.map(({ key, fates }) => {
      watch.expects(n, fates)
      return { type: 'ping', key, n: n++ }
    })
    expect((await send(receiver, { body: JSON.stringify(body) })).status).toBe(200)
    if (ms > 1_000) await settled()
  }
  await receiver.inbox.resume('kept')
  for (let round = 0; round < 400 && (await receiver.inbox.stats()).pending > 0; round++) await clock.advance(10_000)
  const { pending } = await receiver.inbox.stats()
  const closed = receiver.close({ timeoutMs: 10 })
  await clock.advance(20)
  await closed
  expect(pending).toBe(0)
  expect(watch.faults).toEqual([])
  expect([...watch.ended.values()].reduce((sum, list) => sum + list.length, 0)).toBe(n)
  return watch
}

const folder = mkdtempSync(join(tmpdir(), 'posthorn-order-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0

function keptInFile(): Kept {
  const path = join(folder, `${++files}.db`)
  return { mayDie: false, inboxOf: () => sqlite({ path }) }
}

function keptInMemory(): Kept {
  return { mayDie: true, inboxOf: inboxesInMemory() }
}

const seed = process.env.POSTHORN_SEED === undefined ? {} : { seed: Number(process.env.POSTHORN_SEED) }
const runs = (own: number) => Number(process.env.POSTHORN_RUNS ?? own)

describe.each([
  ['memory', keptInMemory, runs(60)],
  ['SQLite', keptInFile, runs(15)],
] as const)('a handler with orderBy over the %s inbox', (_name, newKept, numRuns) => {
  it('gets the events of a key one at a time, in order, whatever happens', { timeout: 300_000 }, async () => {
    const lives = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const watch = await live(steps, newKept())
      for (const [key, ended] of watch.ended) if (key !== '') expect(ended).toEqual([...ended].sort((a, b) => a - b))
    })
    await fc.assert(lives, { numRuns, examples: AFTER_A_CRASH.map((steps) => [steps]), ...seed })
  })
})
