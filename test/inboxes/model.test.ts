/**
 * Random lives of an inbox, lived by both inboxes side by side and by a simple model: whatever happens, the two give the
 * same answers, and nothing is lost. A failure prints its seed and path; POSTHORN_SEED and POSTHORN_PATH repeat it,
 * POSTHORN_RUNS asks for more of them, however long they take.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MemoryInbox } from '../../src/inboxes/memory/inbox.ts'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { codeOf } from '../../src/lib/code-of.ts'
import type { Claim, NotedCall } from '../../src/ports/inbox/claims.ts'
import type { Retention } from '../../src/ports/inbox/opening.ts'
import type { Pruned } from '../../src/ports/inbox/operations.ts'
import type { EventProgress } from '../../src/ports/inbox/records.ts'
import { everything, failure, handClock, keptLines, newDelivery, openWith, portOf, row, START } from './inbox-kit.ts'
import { LedgerModel } from './ledger-model.ts'
import { type Cursor, TestInbox, type TestSettlement, withoutToken } from './test-inbox.ts'

const retention: Retention = {
  ...{ bodiesMs: 50, keysMs: 100, deadLettersMs: 120, quarantineMs: 90 },
  maxBytes: null,
}

const NAMES = ['a', 'b', 'c', 'd'] as const

interface Steps {
  accept: { delivery: number; large: boolean }
  claim: { handlers: string[]; maxDeliveries: number; maxBytes: number; seq: number | null }
  note: { which: number; calls: NotedCall[] }
  save: { which: number; handler: string; again: boolean; last: number; dead: boolean; unhandled: number }
  settle: { which: number; rows: RowStep[]; dead: string[]; quarantined: boolean; unhandled: number }
  release: { which: number }
  wait: { ms: number }
  left: { seq: number }
  look: { limit: number; handler: string; source: number }
  revive: { dead: number; quarantined: number }
  drop: { dead: number; quarantined: number }
  pause: { handler: string; by: 'hand' | 'failures' | null }
  prune: object
  erase: { seq: number; indices: number[] }
  replay: { run: string; handler: string; seqs: number[]; first: number; length: number }
  cancel: { run: string; limit: number }
  reopen: Opening & { crash: boolean }
}
type Step = { [K in keyof Steps]: { do: K } & Steps[K] }[keyof Steps]

interface Opening {
  names: string[]
  formerly: string | null
  rearm: boolean
}

interface RowStep {
  handler: string
  first: number
  length: number
  dueIn: number
}

const name = fc.constantFrom(...NAMES)
const some = fc.subarray([...NAMES])
/** Of some the rows are put down as work of a replay. */
const run = fc.constantFrom('r_1', 'r_2', 'r_3')
const newRow = fc.record({
  handler: name,
  first: fc.nat(3),
  length: fc.nat(3),
  dueIn: fc.integer({ min: -20, max: 60 }),
})

const steps: { [K in keyof Steps]: [weight: number, fields: { [F in keyof Steps[K]]: fc.Arbitrary<Steps[K][F]> }] } = {
  accept: [7, { delivery: fc.nat(25), large: fc.boolean() }],
  claim: [
    7,
    {
      handlers: some,
      maxDeliveries: fc.nat(5),
      maxBytes: fc.nat(900),
      seq: fc.option(fc.integer({ min: 1, max: 12 }), { freq: 3 }),
    },
  ],
  note: [1, { which: fc.nat(), calls: fc.array(fc.record({ index: fc.nat(3), handler: name }), { maxLength: 4 }) }],
  save: [
    3,
    {
      ...{ which: fc.nat(), handler: name, again: fc.boolean(), last: fc.nat(3) },
      ...{ dead: fc.boolean(), unhandled: fc.nat(2) },
    },
  ],
  settle: [
    7,
    {
      which: fc.nat(),
      rows: fc.array(newRow, { maxLength: 4 }),
      dead: fc.array(name, { maxLength: 2 }),
      quarantined: fc.boolean(),
      unhandled: fc.nat(2),
    },
  ],
  release: [1, { which: fc.nat() }],
  wait: [3, { ms: fc.nat(40) }],
  left: [1, { seq: fc.integer({ min: 1, max: 5 }) }],
  look: [2, { limit: fc.nat(6), handler: name, source: fc.nat(2) }],
  revive: [2, { dead: fc.nat(6), quarantined: fc.nat(6) }],
  drop: [1, { dead: fc.nat(6), quarantined: fc.nat(6) }],
  prune: [3, {}],
  erase: [2, { seq: fc.integer({ min: 1, max: 12 }), indices: fc.subarray([0, 1, 2, 3]) }],
  pause: [1, { handler: name, by: fc.constantFrom('hand', 'failures', null) }],
  replay: [
    2,
    {
      run,
      handler: name,
      seqs: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
      first: fc.nat(3),
      length: fc.nat(3),
    },
  ],
  cancel: [1, { run, limit: fc.integer({ min: 1, max: 3 }) }],
  reopen: [1, { names: some, formerly: fc.option(name), rearm: fc.boolean(), crash: fc.boolean() }],
}

const step: fc.Arbitrary<unknown> = fc.oneof(
  ...Object.entries(steps).map(([what, [weight, fields]]) => {
    const all: Record<string, fc.Arbitrary<unknown>> = { do: fc.constant(what), ...fields }
    return { weight, arbitrary: fc.record(all) }
  }),
)

/** An inbox that outlives its process. */
interface Kept {
  next(): TestInbox
  /** Ends the latest port as if its process were killed. */
  crash(): Promise<void>
}

/** One inbox with what it gave out. Every method answers what is to be compared. */
class Life {
  readonly #kept: Kept
  readonly #model = new LedgerModel()
  readonly #clock = handClock()
  #inbox: TestInbox
  #claims: Claim[] = []
  #rearm = false
  /** How many parts of progress were saved, by delivery and row. */
  readonly #parts = new Map<string, number>()

  constructor(kept: Kept) {
    this.#kept = kept
    this.#inbox = kept.next()
  }

  async run(step: Step): Promise<unknown> {
    const answer = await this.#run(step)
    this.#model.balance(await this.#inbox.stats())
    return answer
  }

  async open({ names, formerly, rearm }: Opening): Promise<unknown> {
    const handlers = names.map((name, i) => ({ name, formerly: i === 0 && formerly !== null ? [formerly] : [] }))
    this.#claims = []
    this.#parts.clear()
    this.#rearm = rearm
    this.#model.open(handlers)
    const changes = { onRedelivery: rearm ? 'rearm' : 'record', retention } as const
    const { opened } = await openWith(this.#inbox, handlers, this.#clock, keptLines(), changes)
    // An inbox in memory is in no place.
    const { place: _, ...others } = opened
    return others
  }

  /** Works off what is left: all of it comes, and then nothing. */
  async finish(): Promise<void> {
    await this.#reopen({ names: [...NAMES], formerly: null, rearm: false, crash: true })
    this.#clock.advance(1_000)
    const request = { handlers: NAMES, maxDeliveries: 100, maxBytes: 1e9 }
    for (let left = true; left; ) {
      const { claims } = await this.#inbox.claim(request)
      for (const claim of claims) await this.#end(claim)
      left = claims.length > 0
    }
    expect(await this.#inbox.stats()).toMatchObject({ pending: 0, pendingBytes: 0, oldestPendingAt: null })
  }

  close(): Promise<void> {
    return this.#inbox.close()
  }

  async #run(step: Step): Promise<unknown> {
    switch (step.do) {
      case 'accept':
        return this.#accept(step)
      case 'claim':
        return this.#claim(step)
      case 'note':
        return this.#note(step)
      case 'save':
        return this.#save(step)
      case 'settle':
        return this.#settle(step)
      case 'release':
        return this.#release(step)
      case 'wait':
        return this.#clock.advance(step.ms)
      case 'left':
        this.#inbox.noteSenderLeft(step.seq)
        return this.#carriedOut()
      case 'look':
        return this.#look(step)
      case 'revive':
      case 'drop':
        return this.#command(step)
      case 'prune':
        return this.#prune()
      case 'erase':
        this.#model.erase(step.seq, step.indices)
        return this.#inbox.erase([step])
      case 'pause':
        return this.#inbox.pause(step.handler, step.by)
      case 'replay':
        return this.#replay(step)
      case 'cancel':
        return this.#cancel(step)
      case 'reopen':
        return this.#reopen(step)
    }
  }

  async #reopen({ crash, ...opening }: Steps['reopen']): Promise<unknown> {
    if (crash) await this.#kept.crash()
    else await this.#inbox.close()
    this.#inbox = this.#kept.next()
    return this.open(opening)
  }

  async #accept({ delivery, large }: Steps['accept']): Promise<unknown> {
    const body = Buffer.from(`[${delivery}${large ? ' '.repeat(70_000) : ''}]`)
    // Some share their batch id with another.
    const facts = { body, source: `s${delivery % 3}`, batchId: `b${delivery % 12}`, receivedAt: this.#clock.now() }
    const accepted = await this.#inbox.accept(newDelivery(`${delivery}${large ? ' large' : ''}`, facts))
    const { seq, status, isDone } = accepted
    this.#model.accept(seq, status, body.byteLength)
    if (status === 'duplicate' && this.#rearm) this.#model.reviveAllDead(seq)
    expect(isDone).toBe(this.#model.isOver(seq))
    return accepted
  }

  async #claim({ seq, ...request }: Steps['claim']): Promise<unknown> {
    const { claims, nextDueAt } = await this.#inbox.claim({ ...request, seq: seq ?? undefined })
    for (const claim of claims) this.#model.claim(claim)
    this.#claims.push(...claims)
    return { claims: claims.map((claim) => comparable(withoutToken(claim))), nextDueAt }
  }

  async #note({ which, calls }: Steps['note']): Promise<void> {
    const claim = this.#claims[which % Math.max(1, this.#claims.length)]
    if (claim) await this.#inbox.note(claim.delivery.seq, calls)
  }

  /** Of a first pass or of a row; the latest part may come again. */
  async #save({ which, handler, again, last, dead, unhandled }: Steps['save']): Promise<unknown> {
    const claim = this.#claims[which % Math.max(1, this.#claims.length)]
    if (!claim) return null
    const { seq } = claim.delivery
    const one = claim.rows?.[which % claim.rows.length] ?? null
    const key = `${seq} ${one?.id ?? 0}`
    const known = this.#parts.get(key) ?? claim.progress?.find((of) => of.row === (one?.id ?? null))?.parts ?? 0
    const part = Math.max(0, known - Number(again))
    this.#parts.set(key, Math.max(known, part + 1))
    const letter = { handler, index: last, attempts: 1, errors: [failure(`${which}`)], at: this.#clock.now() }
    return this.#inbox.saveProgress([
      {
        ...{ seq, row: one?.id ?? null, next: last + 1, parts: part, over: { [handler]: [[0, last]] } },
        ...{ at: this.#clock.now(), rows: [row(handler, this.#clock.now(), { first: last, last })] },
        dead: dead ? [{ ...letter, size: 4, run: null }] : [],
        ...{ quarantined: [], unhandled: { x: unhandled }, copies: [] },
      },
    ])
  }

  async #settle({ which, rows, dead, quarantined, unhandled }: Steps['settle']): Promise<unknown> {
    const claim = this.#takeClaim(which)
    if (!claim) return null
    const at = this.#clock.now()
    // What a replay leaves goes on as its work.
    const replay = claim.rows?.find((one) => one.replay !== null)?.replay ?? null
    const settlement: TestSettlement = {
      seq: claim.delivery.seq,
      firstPass: claim.rows === null,
      events: claim.rows === null ? which % 4 : null,
      endedRows: (claim.rows ?? []).map(({ id }) => id),
      rows: rows.map(({ handler, first, length, dueIn }) =>
        row(handler, at + dueIn, { first, last: first + length, errors: [failure(`${which}`)], replay }),
      ),
      dead: dead.map((handler, index) => ({
        ...{ handler, index, attempts: 3, errors: [failure('x')], at, size: 4, run: replay?.run ?? null },
        element: claim.delivery.body.subarray(0, 2),
      })),
      quarantined: quarantined ? [{ index: 1, reason: 'why', path: null, at }] : [],
      unhandled: unhandled > 0 ? { [`m.${unhandled}`]: unhandled } : {},
    }
    this.#model.settle(settlement)
    return this.#inbox.settle(settlement)
  }

  /** Some of them are not there, or not passed. */
  async #replay({ run, handler, seqs, first, length }: Steps['replay']): Promise<unknown> {
    const rows = seqs.map((seq) => ({ seq, handler, first, last: first + length }))
    const made = await this.#inbox.replay({ run, name: null, unhandled: false }, rows).catch(codeOf)
    expect(made).toBe(this.#model.replay(run, rows))
    return made
  }

  async #cancel({ run, limit }: Steps['cancel']): Promise<unknown> {
    const waiting = (await this.#inbox.stats()).replays[run] ?? 0
    let gone = 0
    for (let taken = -1; taken !== 0; gone += taken) taken = await this.#inbox.cancel(run, limit)
    expect(gone).toBe(waiting - this.#model.cancel(run))
    return gone
  }

  #release({ which }: Steps['release']): unknown {
    const claim = this.#takeClaim(which)
    if (!claim) return null
    this.#inbox.release([claim.delivery.seq])
    this.#model.release(claim.delivery.seq)
    return this.#carriedOut()
  }

  /** What nobody waits for is stored with the next group: it is not to be in doubt when the process dies. */
  #carriedOut(): Promise<unknown> {
    return this.#claim({ handlers: [], maxDeliveries: 0, maxBytes: 0, seq: null })
  }

  /** Of some of the dead letters and of the quarantine, and of some that never were. */
  async #command({ do: kind, ...counts }: { do: 'revive' | 'drop' } & Steps['drop']): Promise<unknown> {
    const dead = (await this.#inbox.deadLetters(everything)).slice(0, counts.dead)
    const quarantined = (await this.#inbox.quarantine(everything)).slice(0, counts.quarantined)
    const seqOf = new Map((await this.#inbox.deliveries(everything)).map(({ id, seq }) => [id, seq]))
    for (const { delivery, handler, index, run, at } of dead)
      this.#model[kind === 'revive' ? 'reviveDead' : 'dropDead'](delivery.seq, {
        handler,
        first: index,
        last: index,
        run,
        at,
      })
    for (const { deliveryId, index, at } of quarantined)
      this.#model[kind === 'revive' ? 'reviveQuarantine' : 'dropQuarantine'](seqOf.get(deliveryId)!, index!, at)
    const ids = (rows: ReadonlyArray<{ readonly id: number }>) => [...rows.map(({ id }) => id), 10_000]
    return this.#inbox[kind]({ dead: ids(dead), quarantined: ids(quarantined) })
  }

  async #prune(): Promise<unknown> {
    const sum = { bodies: 0, deliveries: 0, deadLetters: 0, quarantined: 0 }
    for (let at: Cursor | null = 0; at !== null; ) {
      const pruned: Pruned = await this.#inbox.prune(at)
      for (const what of ['bodies', 'deliveries', 'deadLetters', 'quarantined'] as const) sum[what] += pruned[what]
      at = pruned.next
    }
    const deliveries = await this.#inbox.deliveries(everything)
    const kept = new Map(deliveries.map(({ seq, kept = 'all' }) => [seq, kept]))
    this.#model.prune(this.#clock.now(), retention, kept)
    return sum
  }

  async #look({ limit, handler, source }: Steps['look']): Promise<unknown> {
    const page = { ...everything, limit }
    const filter = { ...page, source: `s${source}`, since: START + 10 }
    const ofOne = { ...page, deliveryId: `d_${limit}`, index: 1 }
    const letters = [
      ...(await this.#inbox.deadLetters(page)),
      ...(await this.#inbox.deadLetters({ ...filter, handler })),
      ...(await this.#inbox.deadLetters(ofOne)),
    ]
    const items = [
      ...(await this.#inbox.quarantine(page)),
      ...(await this.#inbox.quarantine(filter)),
      ...(await this.#inbox.quarantine(ofOne)),
    ]
    const deliveries = [...(await this.#inbox.deliveries(page)), ...(await this.#inbox.deliveries(filter))]
    const one = await this.#inbox.delivery(`d_${limit}`)
    const history = { after: limit, limit: 3, source: `s${source}` }
    return {
      history: [...(await this.#inbox.history({ after: 0, limit: 100 })), ...(await this.#inbox.history(history))],
      progress: withoutIds(await this.#inbox.progress(`d_${limit}`, 1)),
      handlers: await this.#inbox.handlers(),
      stats: await this.#inbox.stats(),
      backlogBytes: this.#inbox.backlogBytes(),
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

  async #end(claim: Claim): Promise<void> {
    this.#model.claim(claim)
    this.#model.isWhole(claim)
    this.#claims = [claim]
    await this.#settle({ which: 0, rows: [], dead: [], quarantined: false, unhandled: 0 })
  }

  #takeClaim(which: number): Claim | undefined {
    return this.#claims.splice(which % Math.max(1, this.#claims.length), 1)[0]
  }
}

function comparable({ delivery, rows, progress = [], ...claim }: Omit<Claim, 'token'>): unknown {
  const { body, sha256, ...rest } = delivery
  const places = new Map(rows?.map(({ id }, place) => [id, place]))
  const saved = progress.map((one) => ({ ...one, row: one.row === null ? null : places.get(one.row) }))
  saved.sort((a, b) => (a.row ?? 0) - (b.row ?? 0))
  return { ...claim, ...rest, body: text(body), rows: rows?.map(({ id, ...row }) => row) ?? null, progress: saved }
}

function withoutIds(progress: EventProgress | null): unknown {
  return progress && { ...progress, rows: progress.rows.map(({ id, ...row }) => row) }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function keptInMemory(): Kept {
  const store = new MemoryStore()
  return { next: () => new TestInbox(new MemoryInbox(store)), crash: async () => {} }
}

function keptInFile(folder: string): Kept {
  let [copies, port]: [number, TestInbox | null] = [0, null]
  const fileOf = (copy: number, suffix = '') => join(folder, `inbox-${copy}.db${suffix}`)
  return {
    next() {
      port = portOf(sqlite({ path: fileOf(copies), ownerWaitMs: 0, minFreeBytes: 0 }))
      return port
    },
    async crash() {
      for (const suffix of ['', '-wal'])
        if (existsSync(fileOf(copies, suffix))) copyFileSync(fileOf(copies, suffix), fileOf(copies + 1, suffix))
      copies++
      await port?.close()
    },
  }
}

it('answers the same from memory and from a file, and loses nothing, whatever happens', {
  timeout: 300_000,
}, async () => {
  const { POSTHORN_RUNS: runs, POSTHORN_SEED: seed, POSTHORN_PATH: path } = process.env
  const life = fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 120, size: 'max' }), async (steps) => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
    const memory = new Life(keptInMemory())
    const file = new Life(keptInFile(folder))
    try {
      const opening = { names: ['a', 'b'], formerly: null, rearm: false }
      expect(await file.open(opening)).toEqual(await memory.open(opening))
      // The fields follow from `do`, which the compiler does not see through the table of steps.
      for (const one of [...steps, { do: 'look', limit: 100, handler: 'a', source: 1 }])
        expect(await file.run(one as Step), JSON.stringify(one)).toEqual(await memory.run(one as Step))
      await file.finish()
      await memory.finish()
    } finally {
      await file.close()
      rmSync(folder, { recursive: true })
    }
  })
  await fc.assert(life, {
    numRuns: Number(runs ?? 25),
    endOnFailure: true,
    ...(runs === undefined ? { interruptAfterTimeLimit: 18_000, markInterruptAsFailure: false } : {}),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  })
})
