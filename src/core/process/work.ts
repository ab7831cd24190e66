/** The process half as the receiver runs it: the runners, their pauses, drains, and work inside a request. */

import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../ports/clock.ts'
import type { Claim, Claims, OrderKey, Settlement } from '../../ports/inbox/claims.ts'
import type { Reservation } from '../../ports/inbox/event-keys.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredPause } from '../../ports/inbox/records.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { Telling } from '../../ports/telling.ts'
import type { TestWatch } from '../../ports/test-door.ts'
import type { AnyEvent } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import type { Wraps } from '../base/wraps.ts'
import type { Pause } from '../call/pause.ts'
import { Runner } from '../call/runner.ts'
import { Registry } from '../handlers/registry.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { Order } from '../order/order.ts'
import { Again } from './again.ts'
import { Dedupe } from './dedupe.ts'
import { createProcess, type Process } from './loop.ts'

export interface WorkSettings {
  readonly inbox: InboxPort
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly memoryBytes: number
  readonly ack: 'stored' | 'handled'
  readonly ackWithinMs: number
}

export interface WorkParts extends Telling {
  readonly settings: WorkSettings
  readonly handlers: readonly HandlerSpec[]
  readonly clock: Clock
  random(): number
  readonly pacer: Pacer
  readonly wraps: Wraps
  readonly test: TestWatch
  /** Called after the fact `settled` is told. */
  settled(claim: Claim, settlement: Settlement): void
}

/** Runs in the context of `AsyncLocalStorage` that it is made in. */
export class Work {
  /** The async context of `new Work`: handlers, hooks and lines run in it, not in that of the caller. */
  readonly #home = AsyncLocalStorage.snapshot()
  readonly #parts: WorkParts
  readonly #runners: ReadonlyMap<string, Runner>
  readonly #orders: Map<string, Order>
  readonly #process: Process
  readonly #again: Again
  /** Handlers whose pauses are being stored. */
  readonly #storing = new Set<string>()
  /** By `seq`, the deliveries that a request of this process works on: a repeat waits for that work. */
  readonly #inRequests = new Map<number, InRequest>()
  #settled = 0
  #inBackground = false

  constructor(parts: WorkParts, paused: readonly StoredPause[], held: readonly OrderKey[]) {
    this.#parts = parts
    this.#again = new Again(parts.clock, this.#trouble)
    this.#runners = new Map(parts.handlers.map((spec) => [spec.name, this.#newRunner(spec)]))
    const ordered = [...this.#runners].filter(([, { spec }]) => spec.orderBy !== null)
    const keysOf = (name: string) => held.filter(({ handler }) => handler === name).map(({ key }) => key)
    this.#orders = new Map(ordered.map(([name, runner]) => [name, this.#newOrder(runner, keysOf(name))]))
    this.#process = this.#newProcess()
    this.#applyPauses(paused)
    parts.settings.inbox.on({ paused: (list) => this.#home(() => this.#applyPauses(list)) })
  }

  readonly #trouble = (what: string, error: unknown) => this.#parts.tell('trouble', { what, error, event: 'internal' })

  start(): void {
    this.#inBackground = true
    this.#process.start()
  }

  /** Says that there may be more to claim. */
  kick(): void {
    this.#home(() => this.#process.kick())
  }

  /** Events that handlers work on now. */
  get events(): number {
    return [...this.#runners.values()].reduce((sum, runner) => sum + runner.events, 0)
  }

  /** Whether a call to the inbox is being repeated until the inbox works again. */
  get waitsForInbox(): boolean {
    return this.#again.isWaiting
  }

  idle(): Promise<void> {
    return this.#process.idle()
  }

  stop(timeoutMs: number): Promise<{ drained: boolean; returned: number }> {
    this.#inBackground = false
    return this.#home(() => this.#process.stop(timeoutMs))
  }

  /** Resolves with the number of deliveries settled meanwhile. */
  drain(limitMs: number, signal: AbortSignal | undefined): Promise<number> {
    return this.#home(() => this.#drain(limitMs, signal))
  }

  async #drain(limitMs: number, signal: AbortSignal | undefined): Promise<number> {
    const before = this.#settled
    const cut = cutAt(this.#parts.clock, limitMs, signal)
    if (!this.#inBackground) this.#process.start()
    await Promise.race([this.#process.idle(), cut.reached])
    cut.cancel()
    // In the background the work goes on by itself.
    if (!this.#inBackground) await this.#stopWithin(cut.isReached() ? STOP_MS : 0)
    return this.#settled - before
  }

  /**
   * Waits at most `ms + STOP_MS`, also for an inbox that does not answer; later ends are still settled or given back.
   */
  async #stopWithin(ms: number): Promise<void> {
    const cut = cutAt(this.#parts.clock, ms + STOP_MS, undefined)
    await Promise.race([this.#process.stop(ms), cut.reached])
    cut.cancel()
  }

  /** With `ack: 'handled'`: true when nothing is left to do on the delivery. */
  inRequest(seq: number, port: SourcePort, gone: AbortSignal): Promise<boolean> {
    return this.#home(() => this.#inRequest(seq, port, gone))
  }

  async #inRequest(seq: number, port: SourcePort, gone: AbortSignal): Promise<boolean> {
    const cut = cutAt(this.#parts.clock, port.ackWithinMs ?? this.#parts.settings.ackWithinMs, gone)
    try {
      while (!cut.isReached()) {
        const before = this.#inRequests.get(seq)
        const { work, isCut } = before ?? this.#workOn(seq, cut)
        const done = (await Promise.race([work, cut.reached])) === true
        // The request that began this work was cut: claim the delivery again, for this request.
        if (done || before === undefined || !isCut()) return done
      }
      return false
    } finally {
      cut.cancel()
    }
  }

  #workOn(seq: number, cut: Cut): InRequest {
    const work = this.#process.workOn(seq, cut.signal).catch((error: unknown) => {
      this.#trouble('a delivery could not be worked on in its request', error)
      return false
    })
    const inRequest = { work: work.finally(() => this.#inRequests.delete(seq)), isCut: cut.isReached }
    this.#inRequests.set(seq, inRequest)
    return inRequest
  }

  #newRunner(spec: HandlerSpec): Runner {
    const { clock, pacer, settings, tell, hears, wraps } = this.#parts
    return new Runner(spec, {
      ...{ clock, pacer, tell, hears, wrap: wraps.call },
      pauses: settings.ack === 'stored',
      mayBegin: (events) => mayBegin(settings.inbox.claims, events),
      onRoom: () => this.#process.kick(),
      onPause: (pause) => {
        tell('paused', { handler: spec.name, by: pause?.by ?? null })
        void this.#storePause(spec.name)
        this.#process.kick()
      },
    })
  }

  /** Stores the pause of the handler; again where the pause changed while it was being stored. */
  async #storePause(name: string): Promise<void> {
    if (this.#storing.has(name)) return
    this.#storing.add(name)
    const now = () => this.#runners.get(name)?.paused?.by ?? null
    let stored = now()
    const store = () => {
      stored = now()
      return this.#parts.settings.inbox.carryOut({ kind: 'pause', handler: name, by: stored })
    }
    try {
      do await this.#again.ask('a pause could not be stored', store)
      while (stored !== now())
    } catch {
      // `Again` has told it. In this process the pause holds without being stored.
    }
    this.#storing.delete(name)
  }

  #newOrder(runner: Runner, storedKeys: readonly number[]): Order {
    const strict = this.#parts.settings.ack === 'stored'
    return new Order(runner, { strict, storedKeys, onRoom: () => this.#process.kick() })
  }

  #takeOver(name: string, held: readonly number[]): void {
    const runner = this.#runners.get(name)
    if (runner !== undefined) this.#orders.set(name, this.#newOrder(runner, held))
  }

  #newDedupe(): Dedupe {
    const { inbox, sources } = this.#parts.settings
    const what = 'events could not be looked up'
    const { eventKeys } = inbox
    const reserve = eventKeys?.reserve?.bind(eventKeys)
    const keeper = {
      firstSeen: (windowMs: number, keys: Float64Array, seq: number) =>
        this.#again.ask(what, async () => (await eventKeys?.firstSeen(windowMs, keys, seq)) ?? []),
      now: () => this.#parts.clock.now(),
      ...(reserve && { reserve: (reservation: Reservation) => this.#again.ask(what, () => reserve(reservation)) }),
    }
    return new Dedupe(
      sources,
      keeper,
      [...this.#orders.values()].some(({ strict }) => strict),
    )
  }

  #newProcess(): Process {
    const { settings, clock, random, pacer, handlers, tell, hears, wraps } = this.#parts
    return createProcess({
      inbox: settings.inbox,
      again: this.#again,
      ...{ clock, random, pacer, tell, hears, wraps },
      runners: this.#runners,
      orders: this.#orders,
      dedupe: this.#newDedupe(),
      tallies: settings.inbox.look !== undefined,
      traces: settings.inbox.traces === true,
      sources: settings.sources,
      registry: new Registry(handlers),
      // An eighth: decoded slices and copies on their way take about as much again, or more.
      claimBytes: Math.floor(settings.memoryBytes / 8),
      provider: (source) => settings.sources.get(source)?.provider,
      test: this.#parts.test,
      lost: (claim) => tell('lost', { claim }),
      takeOver: (name, keys) => this.#takeOver(name, keys),
      unknownSource: (source) => tell('unknownSource', { source }),
      trouble: this.#trouble,
      settled: ({ claim, counts }, result, conflictsWith) => {
        this.#settled++
        if (counts !== null) tell('read', { source: claim.delivery.source, counts })
        tell('settled', { claim, end: result, conflictsWith })
        this.#parts.settled(claim, result.settlement)
      },
    })
  }

  /** Applies the stored pauses. A change that this process made itself comes back here too, and changes nothing. */
  #applyPauses(list: readonly StoredPause[]): void {
    for (const [name, runner] of this.#runners) {
      const pause = list.find(({ handler }) => handler === name) ?? null
      const before = runner.paused
      if (isSame(before, pause)) continue
      runner.setPaused(pause)
      if (before?.by !== pause?.by) this.#parts.tell('paused', { handler: name, by: pause?.by ?? null })
    }
    this.#process.kick()
  }
}

function mayBegin(claims: Claims, events: AnyEvent | readonly AnyEvent[]): boolean {
  if (claims.mayBegin === undefined) return true
  if (!Array.isArray(events)) return claims.mayBegin((events as AnyEvent).delivery.id)
  return events.every(({ delivery }: AnyEvent) => claims.mayBegin?.(delivery.id))
}

const isSame = (one: Pause | null, other: Pause | null) =>
  one?.by === other?.by && (one?.probe ?? true) === (other?.probe ?? true)

/** The work on a delivery inside a request. */
interface InRequest {
  /** Never rejects; true when nothing is left to do. */
  readonly work: Promise<boolean>
  /** Whether the request that began the work was cut: its time is up, or its sender has left. */
  isCut(): boolean
}

type Cut = ReturnType<typeof cutAt>

const STOP_MS = 1_000

/** Reached after `ms`, or when `signal` aborts; bound to this async context, since another may abort the signal. */
function cutAt(clock: Clock, ms: number, signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const cut = AsyncLocalStorage.bind(() => controller.abort())
  const cancelTimer = Number.isFinite(ms) ? clock.after(ms, cut) : () => {}
  if (signal?.aborted) cut()
  else signal?.addEventListener('abort', cut, { once: true })
  return {
    signal: controller.signal,
    isReached: () => controller.signal.aborted,
    reached: new Promise<'cut'>((resolve) => {
      if (controller.signal.aborted) resolve('cut')
      else controller.signal.addEventListener('abort', () => resolve('cut'), { once: true })
    }),
    cancel() {
      cancelTimer()
      signal?.removeEventListener('abort', cut)
    },
  }
}
