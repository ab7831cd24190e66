/** Random lives: handlers that do what each event says, the processes they run in, and a sender that repeats. */
import { expect } from 'vitest'
import { PermanentError, RetryLater } from '../../src/errors.ts'
import type { HandlerContext } from '../../src/public/handlers.ts'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock, settled } from './fake-clock.ts'
import { inboxesInMemory, type Life } from './mortal.ts'
import { send } from './neutral.ts'
import { receiverIn } from './receivers.ts'
import { toy } from './toy.ts'

/** How a call of a handler ends; `kills` ends its process. */
export type Fate = 'done' | 'slow' | 'fails' | 'later' | 'dies' | 'kills'

export interface Wanted {
  /** What it is told by; '' for nothing. */
  readonly id: string
  /** How its calls fare, of whichever handler; what comes after these is done. */
  readonly fates: readonly Fate[]
}

/** All that a receiver has here. */
export const HANDLERS = ['each', 'batch', 'kept'] as const

/** What handlers do, and have done. */
export class World {
  readonly clock = new FakeClock()
  /** By event, with the names of the handlers that were done with it, once for each time, replays left out. */
  readonly done = new Map<number, string[]>()
  readonly #fates = new Map<number, Fate[]>()
  readonly #mourners: (() => void)[] = []
  deaths = 0

  add(n: number, fates: readonly Fate[]): void {
    this.#fates.set(n, [...fates])
    this.done.set(n, [])
  }

  async meet(event: AnyEvent, handler: string, signal: AbortSignal, life: Life): Promise<void> {
    const n = numberOf(event)
    const fate = life.isDead ? 'kills' : this.#fates.get(n)?.shift()
    if (fate === 'kills') return this.die(life)
    if (fate === 'slow') await this.#sleep(200 + (n % 5) * 300, signal)
    if (fate === 'fails') throw new Error('not now')
    if (fate === 'later') throw new RetryLater({ afterMs: 2_000 })
    if (fate === 'dies') throw new PermanentError('never')
    if (!life.isDead && !event.isReplay) this.done.get(n)?.push(handler)
  }

  /** Never resolves: nobody is there any more. */
  die(life: Life): Promise<never> {
    if (!life.isDead) this.deaths++
    life.isDead = true
    for (const tell of this.#mourners.splice(0)) tell()
    return new Promise(() => {})
  }

  /** null: the process died before it answered. */
  answer<T>(life: Life, ask: () => Promise<T>): Promise<T | null> {
    if (life.isDead) return Promise.resolve(null)
    const died = new Promise<null>((resolve) => void this.#mourners.push(() => resolve(null)))
    return Promise.race([ask(), died])
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.clock.after(ms, resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
}

/** Of `Posts`. */
export const numberOf = (event: AnyEvent) => (event.payload as { n: number }).n

type Receiver = ReturnType<typeof receiverIn>

/** Bodies go soon, what was wrong with them stays. */
const RETENTION = { bodies: '1h', keys: '400d', deadLetters: '400d', quarantine: '400d' } as const

/** One process after the other, on one inbox. */
export class Host {
  readonly #world: World
  /** Of its receivers, besides those that all lives have. */
  readonly #options: object
  readonly #inboxOf: ReturnType<typeof inboxesInMemory>
  #life: Life = { isDead: true }
  #receiver: Receiver | null = null
  restarts = 0
  /** Whether the next process has the handler with an order. */
  keeps = true

  constructor(world: World, options: object = {}, inboxOf = inboxesInMemory()) {
    this.#world = world
    this.#options = options
    this.#inboxOf = inboxOf
  }

  /** Of a process that lives; null when it dies over it. */
  async ask<T>(question: (receiver: Receiver) => Promise<T>): Promise<T | null> {
    await this.#live()
    return this.#world.answer(this.#life, () => question(this.#receiver as Receiver))
  }

  /** Starts processes until one has not died at once. */
  async #live(): Promise<void> {
    while (this.#life.isDead) {
      const life = { isDead: false }
      this.#life = life
      const receiver = this.#newReceiver(life)
      this.#receiver = receiver
      await this.#world.answer(life, () => receiver.start())
      await settled()
    }
  }

  crash(): void {
    if (!this.#life.isDead) void this.#world.die(this.#life)
  }

  async close(): Promise<void> {
    if (this.#life.isDead) return
    const closed = Promise.resolve(this.#receiver?.close({ timeoutMs: 10 }))
    await this.#world.clock.advance(20)
    await this.#world.answer(this.#life, () => closed)
    this.#life.isDead = true
    this.restarts++
  }

  #newReceiver(life: Life): Receiver {
    const sources = { shop: toy({ dedupeWindowMs: 365 * 24 * 3_600_000 }) }
    const receiver = receiverIn(this.#world.clock, {
      sources,
      inbox: this.#inboxOf(life),
      retention: RETENTION,
      ...this.#options,
    })
    const meet = (event: AnyEvent, name: string, { signal }: HandlerContext) =>
      this.#world.meet(event, name, signal, life)
    receiver.on('toy.ping', { name: 'each', concurrency: 3 }, (event, context) => meet(event, 'each', context))
    const orderBy = (event: AnyEvent) => (numberOf(event) % 4 === 0 ? null : String(numberOf(event) % 4))
    if (this.keeps)
      receiver.on('toy.ping', { name: 'kept', orderBy, concurrency: 2 }, (event, context) =>
        meet(event, 'kept', context),
      )
    receiver.onBatch('toy.ping', { name: 'batch', size: 4, maxWaitMs: 400 }, async (events, context) => {
      const ends = await Promise.allSettled(events.map((event) => meet(event, 'batch', context)))
      const failures = ends.map((end, i) => (end.status === 'rejected' ? { id: events[i]!.id, error: end.reason } : []))
      return { failed: failures.flat() }
    })
    return receiver
  }
}

export interface Posted {
  readonly body: string
  /** The number of its first event. */
  readonly first: number
}

/** What was posted: its events are numbered through. */
export class Posts {
  readonly #world: World
  /** By the id of a delivery the number of its first event. */
  readonly firsts = new Map<string, number>()
  /** What each event is told by. */
  readonly ids: string[] = []

  constructor(world: World) {
    this.#world = world
  }

  add(events: readonly Wanted[]): Posted {
    const first = this.ids.length
    for (const [i, { fates }] of events.entries()) this.#world.add(first + i, fates)
    const ids = events.map(({ id }) => id)
    this.ids.push(...ids)
    const elements = ids.map((id, i) => ({ type: 'ping', n: first + i, ...(id === '' ? {} : { id }) }))
    return { body: JSON.stringify(elements), first }
  }

  /** Where it was stored. */
  answered({ first }: Posted, deliveryId: string | undefined): void {
    this.firsts.set(deliveryId ?? '', first)
  }
}

/** Posts one delivery after the other, each again until it is answered. */
export class Sender {
  readonly posts: Posts
  readonly #host: Host
  readonly #sent: Posted[] = []

  constructor(world: World, host: Host) {
    this.posts = new Posts(world)
    this.#host = host
  }

  post(events: readonly Wanted[]): Promise<void> {
    const posted = this.posts.add(events)
    this.#sent.push(posted)
    return this.#send(posted)
  }

  async repeat(which: number): Promise<void> {
    const posted = this.#sent[which % this.#sent.length]
    if (posted !== undefined) await this.#send(posted)
  }

  firstOf(n: number): number {
    return this.#sent.findLast(({ first }) => first <= n)?.first ?? -1
  }

  async #send(posted: Posted): Promise<void> {
    for (;;) {
      const answer = await this.#host.ask((receiver) => send(receiver, { body: posted.body }))
      if (answer === null) continue
      expect(answer.status).toBe(200)
      this.posts.answered(posted, answer.json.id)
      return
    }
  }
}
