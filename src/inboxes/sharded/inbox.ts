/** The port over the ports of the shards. */
import { OptionError, PosthornError } from '../../errors.ts'
import type { Claims } from '../../ports/inbox/claims.ts'
import type { Copies } from '../../ports/inbox/copies.ts'
import type { EventKeyStore } from '../../ports/inbox/event-keys.ts'
import type { InboxListener, InboxPort } from '../../ports/inbox/index.ts'
import type { Intake } from '../../ports/inbox/intake.ts'
import type { LookPort } from '../../ports/inbox/look.ts'
import type { Memos } from '../../ports/inbox/memos.ts'
import type { InboxOpened, InboxOpening } from '../../ports/inbox/opening.ts'
import type { AnswerTo, Command } from '../../ports/inbox/operations.ts'
import type { Records, StoredPause } from '../../ports/inbox/records.ts'
import { ShardedClaims } from './claims.ts'
import { intakeOf } from './intake.ts'
import { lookOf } from './look.ts'
import { inside, outside, placeOf } from './numbers.ts'
import { carryOut } from './operations.ts'
import { pausesOf, ShardedRecords, sumOf } from './records.ts'
import type { By, State } from './ring.ts'
import { answerRoll, answerRollOf } from './roll.ts'
import type { Shard } from './shard.ts'
import { Shards } from './shards.ts'

/** How often a shard that could not be opened is tried again. */
const AGAIN_MS = 5_000

export class ShardedInbox implements InboxPort {
  readonly intake: Intake
  readonly claims: Claims
  readonly records: Records
  readonly look: LookPort
  readonly memos: Memos
  readonly copies: Copies
  readonly eventKeys?: EventKeyStore
  readonly traces: boolean
  readonly isManyLogs = true
  readonly #shards: Shards
  readonly #claims: ShardedClaims
  readonly #listeners: InboxListener[] = []
  readonly #paused = new Map<Shard, readonly StoredPause[]>()
  #toldPauses = ''
  #opening: Promise<InboxOpened> | null = null
  #cancelAgain: () => void = () => {}

  constructor(all: readonly Shard[], by: By, states: readonly State[]) {
    this.#shards = new Shards(all, by, states, () => this.#tell((listener) => listener.work?.()))
    this.#claims = new ShardedClaims(this.#shards)
    this.intake = intakeOf(this.#shards)
    this.claims = this.#claims
    this.records = new ShardedRecords(this.#shards)
    this.look = lookOf(this.#shards)
    this.memos = this.#memosOfFirst()
    this.copies = this.#leftoversOnly()
    if (by === 'source') this.eventKeys = this.#keysOfSource()
    this.traces = all.every(({ port }) => port.traces === true)
    for (const shard of all) this.#listenTo(shard)
  }

  on(listener: InboxListener): void {
    this.#listeners.push(listener)
  }

  async open(opening: InboxOpening): Promise<InboxOpened> {
    if (this.#opening !== null) throw new PosthornError('ERR_INBOX_OWNED', 'This inbox is open already.')
    this.#claims.forget()
    this.#paused.clear()
    this.#opening = this.#open(opening)
    try {
      return await this.#opening
    } catch (error) {
      await this.close()
      throw error
    }
  }

  async #open(opening: InboxOpening): Promise<InboxOpened> {
    const { all } = this.#shards
    const tried = await Promise.allSettled(all.map((shard) => shard.open(opening)))
    const opened = tried.flatMap((one, at) => {
      if (one.status === 'rejected') throw one.reason
      const shard = all[at]
      return one.value === null || shard === undefined ? [] : [{ shard, opened: one.value }]
    })
    const open = opened.map(({ shard }) => shard)
    const away = all.length - open.length
    if (open.length === 0) throw new PosthornError('ERR_INBOX_IO', 'No shard can be opened.')
    await answerRoll(open, away, this.#shards, opening.role === 'owner')
    this.#shards.opening = opening
    for (const { shard, opened: told } of opened) this.#isUp(shard, told)
    this.#toldPauses = JSON.stringify(pausesOf([...this.#paused.values()]))
    if (away > 0) this.#againLater(opening)
    return together(opened, all)
  }

  #isUp(shard: Shard, { stats }: InboxOpened): void {
    shard.isUp = true
    this.#paused.set(shard, stats.paused)
  }

  #againLater(opening: InboxOpening): void {
    this.#cancelAgain = opening.clock.after(AGAIN_MS, () => void this.#openLate(opening))
  }

  /** Those that were away at the start. */
  async #openLate(opening: InboxOpening): Promise<void> {
    const isOver = () => this.#shards.opening !== opening
    for (const shard of this.#shards.all.filter(({ isUp }) => !isUp)) {
      try {
        const opened = await shard.open(opening)
        if (isOver()) return await shard.close()
        if (opened === null) continue
        await answerRollOf(shard, this.#shards.up)
        if (isOver()) return await shard.close()
        this.#isUp(shard, opened)
        shard.answered()
        this.#tellOfPauses()
        this.#shards.tellOfWork()
      } catch (error) {
        shard.failed(error)
        await shard.close().catch(() => {})
      }
    }
    if (!isOver() && this.#shards.up.length < this.#shards.count) this.#againLater(opening)
  }

  async close(): Promise<void> {
    this.#cancelAgain()
    this.#shards.opening = null
    const closed = await Promise.allSettled(this.#shards.all.map((shard) => shard.close()))
    await this.#opening?.catch(() => {})
    this.#opening = null
    for (const one of closed) if (one.status === 'rejected') throw one.reason
  }

  endWithin(ms: number): void {
    for (const { port } of this.#shards.all) port.endWithin?.(ms)
  }

  carryOut<C extends Command>(command: C): Promise<AnswerTo<C>> {
    return carryOut(this.#shards, command)
  }

  #listenTo(shard: Shard): void {
    shard.port.on({
      work: () => this.#shards.tellOfWork(),
      paused: (list) => {
        this.#paused.set(shard, list)
        if (this.#shards.isOpen) this.#tellOfPauses()
      },
      lost: (tokens) => {
        const own = this.#claims.lost(shard, tokens)
        this.#tell((listener) => listener.lost?.(own))
      },
    })
  }

  /** Each shard tells of its own list. */
  #tellOfPauses(): void {
    const paused = pausesOf([...this.#paused.values()])
    const text = JSON.stringify(paused)
    if (text === this.#toldPauses) return
    this.#toldPauses = text
    this.#tell((listener) => listener.paused?.(paused))
  }

  #tell(what: (listener: InboxListener) => void): void {
    for (const listener of this.#listeners) what(listener)
  }

  /** What processes remember together lies in one place: that of the first shard. */
  #memosOfFirst(): Memos {
    const first = () => {
      this.#shards.assertOpen()
      const shard = this.#shards.all[0]
      if (shard?.port.memos === undefined) throw new PosthornError('ERR_INBOX_IO', 'The first shard keeps no memos.')
      return { shard, memos: shard.port.memos }
    }
    return {
      read: async (name) => {
        const { shard, memos } = first()
        return shard.ask(() => memos.read(name))
      },
      write: async (name, text, after) => {
        const { shard, memos } = first()
        return shard.ask(() => memos.write(name, text, after))
      },
      now: () => {
        this.#shards.assertOpen()
        return (
          this.#shards.up.find(({ port }) => port.memos !== undefined)?.port.memos?.now() ?? this.#shards.clock.now()
        )
      },
    }
  }

  #leftoversOnly(): Copies {
    return {
      async backup() {
        throw new OptionError('inbox.backup: a sharded inbox is copied shard by shard')
      },
      leftovers: async (remove) =>
        (await this.#shards.every(async ({ copies }) => (await copies?.leftovers(remove)) ?? [])).flat(),
    }
  }

  /** The keys of a source lie beside its deliveries. */
  #keysOfSource(): EventKeyStore {
    const { all } = this.#shards
    const at = (seq: number) => this.#shards.at(placeOf(seq))
    const out = (seq: number, owners: readonly number[]) =>
      owners.map((owner) => (owner === 0 ? 0 : outside(placeOf(seq), owner)))
    const reserves = all.every(({ port }) => port.eventKeys?.reserve !== undefined)
    return {
      firstSeen: async (windowMs, keys, seq) => {
        this.#shards.assertOpen()
        const owners = await at(seq).ask(async ({ eventKeys }) => eventKeys?.firstSeen(windowMs, keys, inside(seq)))
        return out(seq, owners ?? [])
      },
      ...(reserves && {
        reserve: async (reservation) => {
          this.#shards.assertOpen()
          const { seq } = reservation
          const given = { ...reservation, seq: inside(seq) }
          return out(seq, (await at(seq).ask(async ({ eventKeys }) => eventKeys?.reserve?.(given))) ?? [])
        },
      }),
    }
  }
}

function together(
  opened: ReadonlyArray<{ readonly shard: Shard; readonly opened: InboxOpened }>,
  all: readonly Shard[],
): InboxOpened {
  const told = opened.map((one) => one.opened)
  const missing = all.filter((shard) => !opened.some((one) => one.shard === shard)).map(({ place }) => place)
  const settledWithout = addedUp(
    told.flatMap(({ newHandlers }) => newHandlers.map((one) => [one.name, one.settledWithout] as const)),
  )
  const left = addedUp(told.flatMap((one) => (one.left ?? []).map(({ name, events }) => [name, events] as const)))
  return {
    stats: sumOf(
      told.map(({ stats }) => stats),
      missing,
    ),
    newHandlers: [...settledWithout].map(([name, events]) => ({ name, settledWithout: events })),
    left: [...left].map(([name, events]) => ({ name, events })),
    absent: [...new Set(told.flatMap(({ absent = [] }) => absent))].sort(),
  }
}

function addedUp(counts: ReadonlyArray<readonly [name: string, n: number]>): ReadonlyMap<string, number> {
  const sums = new Map<string, number>()
  for (const [name, n] of counts) sums.set(name, (sums.get(name) ?? 0) + n)
  return sums
}
