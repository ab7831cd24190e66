/**
 * Events that come with more than one delivery, for sources with `dedupeEvents`: the first delivery that has an event
 * owns it, and copies in others are not handed to anybody.
 *
 * In one process the settlement of the first pass that handed an event on stores its key too, in one transaction, so
 * that a crash loses neither; until then the key is reserved in memory. Where several processes work on the inbox, the
 * inbox reserves the key before the event is handed on. The first pass decides for all handlers of its delivery: none
 * of them gets a copy. Inside one delivery nothing is a copy: a sender that lists two equal events means two, and a
 * repeat comes with another delivery. An event that died or went to quarantine gives its key up.
 *
 * Where a handler has `orderBy`, a first pass asks for its keys when all earlier first passes under way have asked for
 * theirs: an event has its place in the delivery that owns it, and in a later one it would come behind later events.
 */
import { digestPair, type Pair } from '../../lib/digest-pair.ts'
import type { Claim, Settlement } from '../../ports/inbox/claims.ts'
import type { EventKeyStore } from '../../ports/inbox/event-keys.ts'
import type { Provider, SourcePort } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { HandlerSpec } from '../handlers/spec.ts'

/**
 * So many events are read, and asked about in one call, before the first of them is handed on. Fewer cost more turns
 * between two threads; more delay acknowledgements, which wait for the same thread.
 */
const PORTION = 2_048

/** The calls to the inbox, which are repeated until they succeed. */
export interface Keeper extends Pick<EventKeyStore, 'firstSeen' | 'reserve'> {
  now(): number
}

/** An event that is read and not yet handed on. */
export interface ReadEvent {
  readonly event: AnyEvent
  readonly matched: readonly HandlerSpec[]
  readonly index: number
}

/** The key to store, then keys of earlier fingerprint recipes: they are looked up, and never stored any more. */
type Keys = readonly [now: Pair, ...earlier: Pair[]]

interface Asked extends ReadEvent {
  readonly keys: Keys | null
}

interface Keyed extends Asked {
  readonly keys: Keys
}

/** When a first pass may ask for its keys. */
interface AskingTurn {
  /** null: no earlier first pass may ask for any. */
  readonly come: Promise<unknown> | null
  /** The pass asks for no more. */
  end(): void
}

/** The deliveries under way, and the keys they have reserved. */
export class Dedupe {
  readonly #sources: ReadonlyMap<string, SourcePort>
  readonly keeper: Keeper
  /** Whether first passes ask in the order of the log. */
  readonly #inTurn: boolean
  /** By `seq`, the first passes that may still ask for keys: each resolves when it asks for no more. */
  readonly #asking = new Map<number, Promise<void>>()
  readonly #reserved = new Map<number, { readonly low: number; readonly seq: number }>()

  constructor(sources: ReadonlyMap<string, SourcePort>, keeper: Keeper, inTurn: boolean) {
    this.#sources = sources
    this.keeper = keeper
    this.#inTurn = inTurn
  }

  /** null: the source takes every event for a new one. */
  join({ delivery, rows, progress = [] }: Claim): Copies | null {
    const source = this.#sources.get(delivery.source)
    const windowMs = source?.dedupeWindowMs ?? null
    if (source === undefined || windowMs === null) return null
    const turn = this.#inTurn && rows === null ? this.#turnOf(delivery.seq) : null
    return new Copies(this, source.provider, windowMs, delivery.seq, rows === null, progress.length > 0, turn)
  }

  /** Waits for passes that were made before alone, so that no two wait for each other. */
  #turnOf(seq: number): AskingTurn {
    const earlier = [...this.#asking].flatMap(([other, ended]) => (other < seq ? [ended] : []))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#asking.set(seq, promise)
    const end = () => {
      if (this.#asking.get(seq) === promise) this.#asking.delete(seq)
      resolve()
    }
    return { come: earlier.length === 0 ? null : Promise.all(earlier), end }
  }

  /** Whether a pass over another delivery has reserved the key. */
  isOthers([high, low]: Pair, seq: number): boolean {
    const known = this.#reserved.get(high)
    return known !== undefined && known.low === low && known.seq !== seq
  }

  /** Reserves nothing where another key has the same `high`: the event is handed on, and absorbs no copies yet. */
  reserve([high, low]: Pair, seq: number): void {
    if (!this.#reserved.has(high)) this.#reserved.set(high, { low, seq })
  }

  release(high: number, seq: number): void {
    if (this.#reserved.get(high)?.seq === seq) this.#reserved.delete(high)
  }
}

type KeyChanges = Pick<Settlement, 'keys' | 'forgotten'>

/** What one pass knows about copies. */
export class Copies {
  readonly #all: Dedupe
  readonly #provider: Provider
  readonly #windowMs: number
  readonly #seq: number
  readonly #firstPass: boolean
  /** null: the pass may ask at any time. */
  readonly #turn: AskingTurn | null
  readonly #reserved: number[] = []
  /** Keys of events that this first pass handed on and that are not saved yet. */
  readonly #keys = new Map<number, number>()
  /** Keys of events that died, where the inbox may have them stored. */
  readonly #gone = new Map<number, number>()
  /** Whether the inbox may have keys of this delivery stored already. */
  #mayBeStored: boolean
  #read: Asked[] = []

  constructor(
    all: Dedupe,
    provider: Provider,
    windowMs: number,
    seq: number,
    firstPass: boolean,
    resumed: boolean,
    turn: AskingTurn | null,
  ) {
    this.#turn = turn
    this.#all = all
    this.#provider = provider
    this.#windowMs = windowMs
    this.#seq = seq
    this.#firstPass = firstPass
    this.#mayBeStored = resumed || !firstPass
  }

  /**
   * `mayBeCopy` false: no handler asks for the event, so it needs no key; or it was handed on before a crash, and has
   * it.
   */
  add(read: ReadEvent, mayBeCopy: boolean): void {
    const { event } = read
    this.#read.push({ ...read, keys: mayBeCopy && !event.isTest && !event.isReplay ? this.#keysOf(event) : null })
  }

  get isFull(): boolean {
    return this.#read.length >= PORTION
  }

  /** The events read since the last call, in order, each with whether it is a copy. */
  async take(): Promise<readonly (ReadEvent & { readonly isCopy: boolean })[]> {
    const come = this.#turn?.come ?? null
    if (come !== null) await come
    const read = this.#read
    this.#read = []
    const keyed = read.filter(hasKey)
    if (this.#firstPass && this.#all.keeper.reserve !== undefined) return this.#takeReserved(read, keyed)
    const reserved = new Set<Asked>(keyed.filter(({ keys }) => this.#all.isOthers(keys[0], this.#seq)))
    // Reserve before `#ask`: a pass that settles during the call is missing in its answer, and has released its keys.
    for (const one of keyed) if (!reserved.has(one)) this.#reserve(one.keys[0])
    const owners = await this.#ask(keyed)
    return read.map((one) => {
      const owner = owners.get(one) ?? 0
      const isCopy = owner === 0 ? reserved.has(one) : owner !== this.#seq
      if (hasKey(one)) this.#learn(one.keys[0], isCopy)
      return { event: one.event, matched: one.matched, index: one.index, isCopy }
    })
  }

  /** Makes this delivery the owner, in the inbox, of each key that has none. */
  async #takeReserved(read: readonly Asked[], keyed: readonly Keyed[]) {
    const owners = await this.#ask(keyed.filter(({ keys }) => keys.length > 1))
    const free = keyed.filter((one) => (owners.get(one) ?? 0) === 0)
    for (const [i, owner] of (await this.#reserveAll(free)).entries()) owners.set(free[i] as Keyed, owner)
    // A reservation that a pass made before a crash counts as well: it belongs to this delivery.
    this.#mayBeStored ||= keyed.length > 0
    return read.map((one) => {
      const owner = owners.get(one) ?? 0
      const { event, matched, index } = one
      return { event, matched, index, isCopy: owner !== 0 && owner !== this.#seq }
    })
  }

  async #reserveAll(free: readonly Keyed[]): Promise<readonly number[]> {
    const { keeper } = this.#all
    const keys = Float64Array.from(free.flatMap(({ keys: [now] }) => now))
    if (free.length === 0) return []
    return (await keeper.reserve?.({ windowMs: this.#windowMs, at: keeper.now(), seq: this.#seq, keys })) ?? []
  }

  /** The event died, or is in quarantine: later copies of it are handed on. */
  giveUp(event: AnyEvent): void {
    const keys = event.isTest || event.isReplay ? null : this.#keysOf(event)
    for (const [high, low] of keys ?? []) {
      this.#keys.delete(high)
      if (this.#mayBeStored) this.#gone.set(high, low)
    }
  }

  /** The keys for the settlement, or for progress that is saved before it. */
  changes(at: number): KeyChanges {
    const [windowMs, keys, gone] = [this.#windowMs, listOf(this.#keys), listOf(this.#gone)]
    this.#mayBeStored ||= keys.length > 0
    return {
      ...(keys.length > 0 && { keys: { windowMs, at, keys } }),
      ...(gone.length > 0 && { forgotten: { windowMs, keys: gone } }),
    }
  }

  /** These changes are durable before the settlement: leave them out of it. */
  saved({ keys, forgotten }: KeyChanges): void {
    for (const high of highsOf(keys)) this.#keys.delete(high)
    for (const high of highsOf(forgotten)) this.#gone.delete(high)
  }

  /** Every event of the pass was taken, or none will be any more. */
  endReading(): void {
    this.#turn?.end()
  }

  /** The settlement is durable. */
  settled(): void {
    for (const high of this.#reserved) this.#all.release(high, this.#seq)
  }

  #reserve(key: Pair): void {
    this.#all.reserve(key, this.#seq)
    this.#reserved.push(key[0])
  }

  /** A copy: drop our reservation, or later rows of the delivery that owns the key would see it as taken. */
  #learn([high, low]: Pair, isCopy: boolean): void {
    if (isCopy) this.#all.release(high, this.#seq)
    else if (this.#firstPass) this.#keys.set(high, low)
  }

  async #ask(read: readonly Keyed[]): Promise<Map<Asked, number>> {
    if (read.length === 0) return new Map()
    const keys = Float64Array.from(read.flatMap((one) => one.keys.flat()))
    const owners = await this.#all.keeper.firstSeen(this.#windowMs, keys, this.#seq)
    const found = new Map<Asked, number>()
    let from = 0
    for (const one of read) {
      const to = from + one.keys.length
      found.set(one, owners.slice(from, to).find((seq) => seq > 0) ?? 0)
      from = to
    }
    return found
  }

  #keysOf(event: AnyEvent): Keys | null {
    const { source, nativeType, senderEventId } = event
    if (senderEventId !== null) return [digestPair(JSON.stringify([source, 'id', nativeType, senderEventId]))]
    // A provider's payload is an object always.
    const payload = event.payload as object
    const fingerprints = this.#provider.fingerprints?.({ nativeType, payload }) ?? []
    const [now, ...earlier] = fingerprints.map((one) => digestPair(JSON.stringify([source, 'fingerprint', one])))
    return now === undefined ? null : [now, ...earlier]
  }
}

const listOf = (keys: ReadonlyMap<number, number>) => Float64Array.from([...keys].flat())

const highsOf = (changed: KeyChanges['forgotten']) => changed?.keys.filter((_, at) => at % 2 === 0) ?? []

const hasKey = (one: Asked): one is Keyed => one.keys !== null
