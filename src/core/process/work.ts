/** The process half as the receiver runs it: the runners, their pauses, drains, and work inside a request. */

import type { Clock } from '../../ports/clock.ts'
import type { Claim, OrderKey, Settlement } from '../../ports/inbox/claims.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredPause } from '../../ports/inbox/records.ts'
import type { SourcePort } from '../../ports/provider.ts'
import type { AnyEvent } from '../../types.ts'
import type { Pacer } from '../base/pacer.ts'
import { Runner } from '../call/runner.ts'
import { Registry } from '../handlers/registry.ts'
import type { HandlerSpec } from '../handlers/spec.ts'
import { Order } from '../order/order.ts'
import { Dedupe } from './dedupe.ts'
import { createProcess, type Process } from './loop.ts'
import type { PassResult } from './result.ts'

export interface WorkSettings {
  readonly inbox: InboxPort
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly memoryBytes: number
  readonly ack: 'stored' | 'handled'
  readonly ackWithinMs: number
}

/** Whom the process half tells what it does. */
export interface WorkReport {
  tested(source: string): void
  remarked(event: AnyEvent, remark: string): void
  bareWords(source: string): void
  failed(event: AnyEvent, handler: string, attempt: number, error: unknown, retryAt: number): void
  settled(claim: Claim, result: PassResult, conflictsWith: string | null): void
  paused(handler: string, by: 'hand' | 'failures' | null): void
  trouble(what: string, error: unknown): void
}

export interface WorkParts {
  readonly settings: WorkSettings
  readonly handlers: readonly HandlerSpec[]
  readonly clock: Clock
  random(): number
  readonly pacer: Pacer
  readonly report: WorkReport
  /** Told after everybody else. */
  settled(claim: Claim, settlement: Settlement): void
}

export class Work {
  readonly #parts: WorkParts
  readonly #runners: ReadonlyMap<string, Runner>
  readonly #orders: ReadonlyMap<string, Order>
  readonly #process: Process
  /** Deliveries that a request of ours is working on: a repeat waits for it. */
  readonly #inRequests = new Map<number, InRequest>()
  #settled = 0
  #inBackground = false

  constructor(parts: WorkParts, paused: readonly StoredPause[], held: readonly OrderKey[]) {
    this.#parts = parts
    this.#runners = new Map(parts.handlers.map((spec) => [spec.name, this.#newRunner(spec)]))
    const ordered = [...this.#runners].filter(([, { spec }]) => spec.orderBy !== null)
    this.#orders = new Map(ordered.map(([name, runner]) => [name, this.#newOrder(runner, held)]))
    this.#process = this.#newProcess()
    this.#applyPauses(paused)
    parts.settings.inbox.onPause((list) => this.#applyPauses(list))
  }

  start(): void {
    this.#inBackground = true
    this.#process.start()
  }

  /** Events that handlers work on now. */
  get events(): number {
    return [...this.#runners.values()].reduce((sum, runner) => sum + runner.events, 0)
  }

  idle(): Promise<void> {
    return this.#process.idle()
  }

  stop(timeoutMs: number): Promise<{ drained: boolean; returned: number }> {
    this.#inBackground = false
    return this.#process.stop(timeoutMs)
  }

  /** Resolves with the number of deliveries settled meanwhile. */
  async drain(limitMs: number, signal: AbortSignal | undefined): Promise<number> {
    const before = this.#settled
    const cut = cutAt(this.#parts.clock, limitMs, signal)
    if (!this.#inBackground) this.#process.start()
    await Promise.race([this.#process.idle(), cut.reached])
    cut.cancel()
    // In the background the work goes on by itself.
    if (!this.#inBackground) await this.#process.stop(cut.isReached() ? STOP_MS : 0)
    return this.#settled - before
  }

  /** With `ack: 'handled'`: true when nothing is left to do on the delivery. */
  async inRequest(seq: number, port: SourcePort, gone: AbortSignal): Promise<boolean> {
    const cut = cutAt(this.#parts.clock, port.ackWithinMs ?? this.#parts.settings.ackWithinMs, gone)
    try {
      while (!cut.isReached()) {
        const before = this.#inRequests.get(seq)
        const { work, isCut } = before ?? this.#workOn(seq, cut)
        const done = (await Promise.race([work, cut.reached])) === true
        // What another request had to leave, since its sender did not wait, is this one's to go on with.
        if (done || before === undefined || !isCut()) return done
      }
      return false
    } finally {
      cut.cancel()
    }
  }

  #workOn(seq: number, cut: Cut): InRequest {
    const work = this.#process.workOn(seq, cut.signal).catch((error: unknown) => {
      this.#parts.report.trouble('a delivery could not be worked on in its request', error)
      return false
    })
    const inRequest = { work: work.finally(() => this.#inRequests.delete(seq)), isCut: cut.isReached }
    this.#inRequests.set(seq, inRequest)
    return inRequest
  }

  #newRunner(spec: HandlerSpec): Runner {
    const { clock, pacer, settings, report } = this.#parts
    return new Runner(spec, {
      clock,
      pacer,
      pauses: settings.ack === 'stored',
      onRoom: () => this.#process.kick(),
      onPause: (pause) => {
        const by = pause?.by ?? null
        report.paused(spec.name, by)
        settings.inbox.pause(spec.name, by).catch((error) => report.trouble('a pause could not be stored', error))
        this.#process.kick()
      },
    })
  }

  #newOrder(runner: Runner, held: readonly OrderKey[]): Order {
    const keys = held.filter(({ handler }) => handler === runner.spec.name).map(({ key }) => key)
    const strict = this.#parts.settings.ack === 'stored'
    return new Order(runner, { strict, held: keys, onRoom: () => this.#process.kick() })
  }

  #newDedupe(): Dedupe {
    const { inbox, sources } = this.#parts.settings
    return new Dedupe(sources, async (windowMs, keys) => (await inbox.owners?.(windowMs, keys)) ?? [])
  }

  #newProcess(): Process {
    const { settings, clock, random, pacer, report, handlers } = this.#parts
    return createProcess({
      inbox: settings.inbox,
      clock,
      random,
      pacer,
      runners: this.#runners,
      orders: this.#orders,
      dedupe: this.#newDedupe(),
      registry: new Registry(handlers),
      // Decoded events of a slice and copies on their way take about as much again, and more.
      claimBytes: Math.floor(settings.memoryBytes / 8),
      provider: (source) => settings.sources.get(source)?.provider,
      tested: report.tested,
      remarked: report.remarked,
      bareWords: report.bareWords,
      failed: report.failed,
      trouble: report.trouble,
      settled: (claim, result, conflictsWith) => {
        this.#settled++
        report.settled(claim, result, conflictsWith)
        this.#parts.settled(claim, result.settlement)
      },
    })
  }

  /** What a hand or an earlier process has paused; what we paused or resumed ourselves comes back here and changes nothing. */
  #applyPauses(list: readonly StoredPause[]): void {
    for (const [name, runner] of this.#runners) {
      const pause = list.find(({ handler }) => handler === name) ?? null
      if ((runner.paused?.by ?? null) === (pause?.by ?? null)) continue
      runner.setPaused(pause)
      this.#parts.report.paused(name, pause?.by ?? null)
    }
    this.#process.kick()
  }
}

/** The work on a delivery inside a request. */
interface InRequest {
  /** Never rejects; true when nothing is left to do. */
  readonly work: Promise<boolean>
  /** Whether it had to stop, because its sender did not wait any longer. */
  isCut(): boolean
}

type Cut = ReturnType<typeof cutAt>

const STOP_MS = 1_000

/** The moment when time is up or a signal says so. */
function cutAt(clock: Clock, ms: number, signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const cut = () => controller.abort()
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
