/**
 * Events that come with more than one delivery, for sources with `dedupeEvents`: the first delivery that has an event
 * owns it, and copies in others are not handed to anybody.
 *
 * In one process a key is settled with the first pass that has handed its event on, in the same transaction, so that a crash loses
 * neither; until then it is reserved in memory. Where several processes work on the inbox it is reserved there, before its
 * event is handed on. The first pass decides for all handlers of its delivery: what it absorbs
 * is left to none of them. Inside one delivery nothing is a copy: a sender that lists two like events means two, and what
 * it repeats comes with another delivery. An event that died or went to quarantine gives its key up.
 */
import { digestPair, type Pair } from '../../lib/digest-pair.ts'
import type { Claim, Settlement } from '../../ports/inbox/claims.ts'
import type { EventKeyStore } from '../../ports/inbox/event-keys.ts'
import type { Provider, SourcePort } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { HandlerSpec } from '../handlers/spec.ts'

/**
 * Asked about at once: so many events are read before the first of them is handed on. Fewer cost more turns of two
 * threads, more hold an acknowledgement longer that waits for the same thread.
 */
const PORTION = 2_048

/** What is asked of the inbox, again and again until it answers. */
export interface Keeper extends Pick<EventKeyStore, 'owners' | 'reserve'> {
  now(): number
}

/** An event that is read and not yet handed on. */
export interface Read {
  readonly event: AnyEvent
  readonly matched: readonly HandlerSpec[]
  readonly index: number
}

/** The key of now, then those of earlier recipes, under which nothing is stored any more. */
type Keys = readonly [now: Pair, ...earlier: Pair[]]

interface Asked extends Read {
  readonly keys: Keys | null
}

interface Keyed extends Asked {
  readonly keys: Keys
}

/** The deliveries under way, and the keys they have reserved. */
export class Dedupe {
  readonly #sources: ReadonlyMap<string, SourcePort>
  readonly keeper: Keeper
  readonly #reserved = new Map<number, { readonly low: number; readonly seq: number }>()

  constructor(sources: ReadonlyMap<string, SourcePort>, keeper: Keeper) {
    this.#sources = sources
    this.keeper = keeper
  }

  /** null: the source takes every event for a new one. */
  join({ delivery, rows, progress = [] }: Claim): Copies | null {
    const source = this.#sources.get(delivery.source)
    const windowMs = source?.dedupeWindowMs ?? null
    if (source === undefined || windowMs === null) return null
    return new Copies(this, source.provider, windowMs, delivery.seq, rows === null, progress.length > 0)
  }

  /** Whether another delivery under way has reserved it. */
  isOthers([high, low]: Pair, seq: number): boolean {
    const known = this.#reserved.get(high)
    return known !== undefined && known.low === low && known.seq !== seq
  }

  /** Nothing is reserved where another key begins alike: its event is handed on, and absorbs nothing yet. */
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
  readonly #reserved: number[] = []
  /** The keys of what was handed on in a first pass, as far as they are not saved. */
  readonly #keys = new Map<number, number>()
  /** The keys of what died, where they may be stored. */
  readonly #gone = new Map<number, number>()
  /** Keys of this first pass may be stored. */
  #mayBeStored: boolean
  #read: Asked[] = []

  constructor(all: Dedupe, provider: Provider, windowMs: number, seq: number, firstPass: boolean, resumed: boolean) {
    this.#all = all
    this.#provider = provider
    this.#windowMs = windowMs
    this.#seq = seq
    this.#firstPass = firstPass
    this.#mayBeStored = resumed || !firstPass
  }

  /** `mayBeCopy` false: nobody wants it, so that it owns no key; or it was handed on before a crash, and has its key. */
  add(read: Read, mayBeCopy: boolean): void {
    const { event } = read
    this.#read.push({ ...read, keys: mayBeCopy && !event.isTest && !event.isReplay ? this.#keysOf(event) : null })
  }

  get isFull(): boolean {
    return this.#read.length >= PORTION
  }

  /** What was read, in order, with the answer whether it is a copy. */
  async take(): Promise<readonly (Read & { readonly isCopy: boolean })[]> {
    const read = this.#read
    this.#read = []
    const keyed = read.filter(hasKey)
    if (this.#firstPass && this.#all.keeper.reserve !== undefined) return this.#takeReserved(read, keyed)
    const reserved = new Set<Asked>(keyed.filter(({ keys }) => this.#all.isOthers(keys[0], this.#seq)))
    // Before asking: who settles meanwhile is not in the answer, and has nothing reserved any more.
    for (const one of keyed) if (!reserved.has(one)) this.#reserve(one.keys[0])
    const owners = await this.#ask(keyed)
    return read.map((one) => {
      const owner = owners.get(one) ?? 0
      const isCopy = owner === 0 ? reserved.has(one) : owner !== this.#seq
      if (hasKey(one)) this.#learn(one.keys[0], isCopy)
      return { event: one.event, matched: one.matched, index: one.index, isCopy }
    })
  }

  /** What has no owner by any of its keys is reserved for this delivery. */
  async #takeReserved(read: readonly Asked[], keyed: readonly Keyed[]) {
    const owners = await this.#ask(keyed.filter(({ keys }) => keys.length > 1))
    const free = keyed.filter((one) => (owners.get(one) ?? 0) === 0)
    for (const [i, owner] of (await this.#reserveAll(free)).entries()) owners.set(free[i] as Keyed, owner)
    this.#mayBeStored ||= free.length > 0
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

  /** It died, or is in quarantine: copies of it are to be handed on. */
  giveUp(event: AnyEvent): void {
    const keys = event.isTest || event.isReplay ? null : this.#keysOf(event)
    for (const [high, low] of keys ?? []) {
      this.#keys.delete(high)
      if (this.#mayBeStored) this.#gone.set(high, low)
    }
  }

  /** What the settlement says about keys, or progress that is saved before it. */
  changes(at: number): KeyChanges {
    const [windowMs, keys, gone] = [this.#windowMs, listOf(this.#keys), listOf(this.#gone)]
    this.#mayBeStored ||= keys.length > 0
    return {
      ...(keys.length > 0 && { keys: { windowMs, at, keys } }),
      ...(gone.length > 0 && { forgotten: { windowMs, keys: gone } }),
    }
  }

  /** They are durable before the settlement. */
  saved({ keys, forgotten }: KeyChanges): void {
    for (const high of highsOf(keys)) this.#keys.delete(high)
    for (const high of highsOf(forgotten)) this.#gone.delete(high)
  }

  /** The settlement is durable. */
  settled(): void {
    for (const high of this.#reserved) this.#all.release(high, this.#seq)
  }

  #reserve(key: Pair): void {
    this.#all.reserve(key, this.#seq)
    this.#reserved.push(key[0])
  }

  /** What is another's must not look reserved to that one's own work. */
  #learn([high, low]: Pair, isCopy: boolean): void {
    if (isCopy) this.#all.release(high, this.#seq)
    else if (this.#firstPass) this.#keys.set(high, low)
  }

  async #ask(read: readonly Keyed[]): Promise<Map<Asked, number>> {
    if (read.length === 0) return new Map()
    const keys = Float64Array.from(read.flatMap((one) => one.keys.flat()))
    const owners = await this.#all.keeper.owners(this.#windowMs, keys)
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
