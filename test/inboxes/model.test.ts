/**
 * Random lives of an inbox, lived by both inboxes side by side: whatever happens, they give the same answers. A failure
 * prints its seed; POSTHORN_SEED repeats it, POSTHORN_RUNS asks for more of them.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Claim, InboxPort, Settlement } from '../../src/core/ports.ts'
import { memory } from '../../src/inboxes/memory.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { everything, failure, handClock, newDelivery, openWith, portOf, row, START } from './inbox-kit.ts'

const NAMES = ['a', 'b', 'c', 'd'] as const

const name = fc.constantFrom(...NAMES)
const newRow = fc.record({
  handler: name,
  first: fc.nat(3),
  length: fc.nat(3),
  dueIn: fc.integer({ min: -20, max: 60 }),
})

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('accept'), delivery: fc.nat(25), large: fc.boolean() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('claim'),
      handlers: fc.subarray([...NAMES]),
      maxDeliveries: fc.nat(5),
      maxBytes: fc.nat(900),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      which: fc.nat(),
      rows: fc.array(newRow, { maxLength: 4 }),
      dead: fc.array(name, { maxLength: 2 }),
      quarantined: fc.boolean(),
      unhandled: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat(40) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('left'), seq: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('look'), limit: fc.nat(6), handler: name, source: fc.nat(2) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('reopen'), names: fc.subarray([...NAMES]), formerly: fc.option(name) }),
  },
)

type Step<D extends string> = Extract<
  | { do: 'accept'; delivery: number; large: boolean }
  | { do: 'claim'; handlers: string[]; maxDeliveries: number; maxBytes: number }
  | { do: 'settle'; which: number; rows: RowStep[]; dead: string[]; quarantined: boolean; unhandled: number }
  | { do: 'release'; which: number }
  | { do: 'wait'; ms: number }
  | { do: 'left'; seq: number }
  | { do: 'look'; limit: number; handler: string; source: number }
  | { do: 'reopen'; names: string[]; formerly: string | null },
  { do: D }
>
type AnyStep = Step<'accept' | 'claim' | 'settle' | 'release' | 'wait' | 'left' | 'look' | 'reopen'>
interface RowStep {
  handler: string
  first: number
  length: number
  dueIn: number
}

/** One inbox with what it gave out. Every method answers what is to be compared. */
class Life {
  #inbox: InboxPort
  readonly #next: () => InboxPort
  readonly #clock = handClock()
  #claims: Claim[] = []

  constructor(next: () => InboxPort) {
    this.#next = next
    this.#inbox = next()
  }

  async run(step: AnyStep): Promise<unknown> {
    switch (step.do) {
      case 'accept':
        return this.#accept(step)
      case 'claim':
        return this.#claim(step)
      case 'settle':
        return this.#settle(step)
      case 'release':
        return this.#release(step)
      case 'wait':
        return this.#clock.advance(step.ms)
      case 'left':
        this.#inbox.noteSenderLeft(step.seq)
        return this.#claim({ do: 'claim', handlers: [], maxDeliveries: 0, maxBytes: 0 })
      case 'look':
        return this.#look(step)
      case 'reopen':
        return this.reopen(step.names, step.formerly)
    }
  }

  async reopen(names: readonly string[], formerly: string | null): Promise<unknown> {
    await this.#inbox.close()
    this.#claims = []
    this.#inbox = this.#next()
    const handlers = names.map((name, i) => ({ name, formerly: i === 0 && formerly !== null ? [formerly] : [] }))
    return (await openWith(this.#inbox, handlers, this.#clock)).opened
  }

  close(): Promise<void> {
    return this.#inbox.close()
  }

  #accept({ delivery, large }: Step<'accept'>): Promise<unknown> {
    const body = Buffer.from(`[${delivery}${large ? ' '.repeat(70_000) : ''}]`)
    const source = `s${delivery % 3}`
    return this.#inbox.accept(newDelivery(`${delivery}`, { body, source, receivedAt: this.#clock.now() }))
  }

  async #claim({ handlers, maxDeliveries, maxBytes }: Step<'claim'>): Promise<unknown> {
    const { claims, nextDueAt } = await this.#inbox.claim({ handlers, maxDeliveries, maxBytes })
    this.#claims.push(...claims)
    return { claims: claims.map(comparable), nextDueAt }
  }

  async #settle({ which, rows, dead, quarantined, unhandled }: Step<'settle'>): Promise<void> {
    const claim = this.#takeClaim(which)
    if (!claim) return
    const at = this.#clock.now()
    const settlement: Settlement = {
      seq: claim.delivery.seq,
      firstPass: claim.rows === null,
      events: claim.rows === null ? which % 4 : null,
      endedRows: (claim.rows ?? []).map(({ id }) => id),
      rows: rows.map(({ handler, first, length, dueIn }) =>
        row(handler, at + dueIn, { first, last: first + length, errors: [failure(`${which}`)] }),
      ),
      dead: dead.map((handler, index) => ({
        ...{ handler, index, attempts: 3, errors: [failure('x')], at, size: 4 },
        element: claim.delivery.body.subarray(0, 2),
      })),
      quarantined: quarantined ? [{ index: 1, reason: 'why', path: null, at }] : [],
      unhandled: unhandled > 0 ? { [`m.${unhandled}`]: unhandled } : {},
    }
    await this.#inbox.settle(settlement)
  }

  #release({ which }: Step<'release'>): void {
    const claim = this.#takeClaim(which)
    if (claim) this.#inbox.release([claim.delivery.seq])
  }

  async #look({ limit, handler, source }: Step<'look'>): Promise<unknown> {
    const page = { ...everything, limit }
    const filter = { ...page, source: `s${source}`, since: START + 10 }
    const letters = [
      ...(await this.#inbox.deadLetters(page)),
      ...(await this.#inbox.deadLetters({ ...filter, handler })),
    ]
    const items = [...(await this.#inbox.quarantine(page)), ...(await this.#inbox.quarantine(filter))]
    const deliveries = [...(await this.#inbox.deliveries(page)), ...(await this.#inbox.deliveries(filter))]
    const one = await this.#inbox.delivery(`d_${limit}`)
    return {
      stats: await this.#inbox.stats(),
      letters: letters.map(({ id, element, delivery, ...rest }) => ({
        ...rest,
        element: text(element),
        of: delivery.seq,
      })),
      items: items.map(({ id, ...rest }) => rest),
      deliveries: deliveries.map(({ sha256, body, ...rest }) => ({ ...rest, sha256: text(sha256) })),
      one: one && { ...one, body: text(one.body), sha256: text(one.sha256) },
    }
  }

  #takeClaim(which: number): Claim | undefined {
    return this.#claims.splice(which % Math.max(1, this.#claims.length), 1)[0]
  }
}

function comparable({ delivery, handlers, rows }: Claim): unknown {
  const { body, sha256, ...rest } = delivery
  return { ...rest, body: text(body), handlers, rows: rows?.map(({ id, ...row }) => row) ?? null }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

it('answers the same from memory and from a file, whatever happens', { timeout: 300_000 }, async () => {
  const runs = Number(process.env.POSTHORN_RUNS ?? 12)
  const seed = process.env.POSTHORN_SEED
  const life = fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 120, size: 'max' }), async (steps) => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
    const kept = portOf(memory())
    const model = new Life(() => kept)
    const file = new Life(() => portOf(sqlite({ path: join(folder, 'inbox.db'), ownerWaitMs: 0, minFreeBytes: 0 })))
    try {
      expect(await file.reopen(['a', 'b'], null)).toEqual(await model.reopen(['a', 'b'], null))
      for (const one of [...steps, { do: 'look', limit: 100, handler: 'a', source: 1 }])
        expect(await file.run(one as AnyStep), one.do).toEqual(await model.run(one as AnyStep))
    } finally {
      await file.close()
      rmSync(folder, { recursive: true })
    }
  })
  await fc.assert(life, { numRuns: runs, endOnFailure: true, ...(seed === undefined ? {} : { seed: Number(seed) }) })
})
