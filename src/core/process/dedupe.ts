/**
 * Events that come with more than one delivery, for sources with `dedupeEvents`: the first delivery that has an event
 * owns it, and copies in others are not handed to anybody.
 *
 * A key is settled with the first pass that has handed its event on, in the same transaction, so that a crash loses
 * neither; until then it is reserved in memory. The first pass decides for all handlers of its delivery: what it absorbs
 * is left to none of them. Inside one delivery nothing is a copy: a sender that lists two like events means two, and what
 * it repeats comes with another delivery. An event that died or went to quarantine gives its key up.
 */
import { digestPair, type Pair } from '../../lib/digest-pair.ts'
import type { Claim, EventKeys } from '../../ports/inbox/claims.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Provider, SourcePort } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { HandlerSpec } from '../handlers/spec.ts'

/**
 * Asked about at once: so many events are read before the first of them is handed on. Fewer cost more turns of two
 * threads, more hold an acknowledgement longer that waits for the same thread.
 */
const PORTION = 2_048

type Owners = NonNullable<InboxPort['owners']>

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
  readonly #owners: Owners
  readonly #reserved = new Map<number, { readonly low: number; readonly seq: number }>()

  constructor(sources: ReadonlyMap<string, SourcePort>, owners: Owners) {
    this.#sources = sources
    this.#owners = owners
  }

  /** null: the source takes every event for a new one. */
  join({ delivery, rows }: Claim): Copies | null {
    const source = this.#sources.get(delivery.source)
    const windowMs = source?.dedupeWindowMs ?? null
    if (source === undefined || windowMs === null) return null
    return new Copies(this, source.provider, windowMs, delivery.seq, rows === null)
  }

  owners(windowMs: number, keys: Float64Array): Promise<readonly number[]> {
    return this.#owners(windowMs, keys)
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

/** What one pass knows about copies. */
export class Copies {
  readonly #all: Dedupe
  readonly #provider: Provider
  readonly #windowMs: number
  readonly #seq: number
  readonly #firstPass: boolean
  readonly #reserved: number[] = []
  /** The keys of what was handed on, in a first pass; of what died, in a later one. */
  readonly #keys = new Map<number, number>()
  #read: Asked[] = []

  constructor(all: Dedupe, provider: Provider, windowMs: number, seq: number, firstPass: boolean) {
    this.#all = all
    this.#provider = provider
    this.#windowMs = windowMs
    this.#seq = seq
    this.#firstPass = firstPass
  }

  /** `isAsked`: some handler wants it; what nobody wants owns no key. */
  add(read: Read, isAsked: boolean): void {
    const { event } = read
    this.#read.push({ ...read, keys: isAsked && !event.isTest && !event.isReplay ? this.#keysOf(event) : null })
  }

  get isFull(): boolean {
    return this.#read.length >= PORTION
  }

  /** What was read, in order, with the answer whether it is a copy. */
  async take(): Promise<readonly (Read & { readonly isCopy: boolean })[]> {
    const read = this.#read
    this.#read = []
    const keyed = read.filter(hasKey)
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

  /** It died, or is in quarantine: copies of it are to be handed on. */
  giveUp(event: AnyEvent): void {
    const keys = event.isTest || event.isReplay ? null : this.#keysOf(event)
    for (const [high, low] of keys ?? [])
      if (this.#firstPass) this.#keys.delete(high)
      else this.#keys.set(high, low)
  }

  /** What the settlement says about keys. */
  settlement(at: number): { readonly keys?: EventKeys; readonly forgotten?: Omit<EventKeys, 'at'> } {
    if (this.#keys.size === 0) return {}
    const [windowMs, keys] = [this.#windowMs, Float64Array.from([...this.#keys].flat())]
    return this.#firstPass ? { keys: { windowMs, at, keys } } : { forgotten: { windowMs, keys } }
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
    else this.#keys.set(high, low)
  }

  async #ask(read: readonly Keyed[]): Promise<Map<Asked, number>> {
    if (read.length === 0) return new Map()
    const keys = Float64Array.from(read.flatMap((one) => one.keys.flat()))
    const owners = await this.#all.owners(this.#windowMs, keys)
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

const hasKey = (one: Asked): one is Keyed => one.keys !== null
