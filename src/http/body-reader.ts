/** One body on its way in. */
import type { BodyFailure, BodyLimits, Timing } from './body-limits.ts'
import type { Flow, Sink } from './flow.ts'
import { type Gathered, Gatherer } from './gather.ts'

const [RATE_FROM_MS, RATE_EVERY_MS] = [5_000, 1_000]

/** Its bytes, with their size, time and rate. The first end counts: what comes after it changes nothing. */
export class BodyReader implements Sink {
  readonly #limits: BodyLimits
  readonly #clock: Timing
  readonly #gatherer: Gatherer
  readonly #start: number
  #total = 0
  #over = false
  #cancel: () => void
  #flow: Flow | undefined
  #resolve: (result: Gathered | BodyFailure) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(limits: BodyLimits, clock: Timing, announced: number | null) {
    this.#limits = limits
    this.#clock = clock
    this.#gatherer = new Gatherer(announced, limits.allocate)
    this.#start = clock.now()
    this.#cancel = clock.after(Math.min(RATE_FROM_MS, limits.bodyMs), () => this.#look())
  }

  read(flow: Flow): Promise<Gathered | BodyFailure> {
    this.#flow = flow
    return new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
      flow.flowInto(this)
    })
  }

  add(chunk: Uint8Array, spare: boolean): boolean {
    // What a slow sender still sends has been answered, and its room given back.
    if (this.#over) return false
    try {
      const failure = this.#failureOf(chunk)
      if (failure === null) this.#gatherer.add(chunk, spare)
      else this.#end(failure)
    } catch (error) {
      this.fail(error)
    }
    return !this.#over
  }

  end(): void {
    if (this.#over) return
    try {
      this.#end(this.#gatherer.end())
    } catch (error) {
      this.fail(error)
    }
  }

  fail(error: unknown): void {
    this.#over = true
    this.#cancel()
    this.#reject(error)
  }

  #failureOf({ length }: Uint8Array): BodyFailure | null {
    this.#total += length
    if (this.#total > this.#limits.maxBytes) return 'body_too_large'
    return this.#limits.take(length) ? null : 'overloaded'
  }

  #end(result: Gathered | BodyFailure): void {
    this.#over = true
    this.#cancel()
    this.#resolve(result)
  }

  #look(): void {
    const { bodyMs, minBytesPerSecond } = this.#limits
    const elapsed = this.#clock.now() - this.#start
    if (elapsed >= bodyMs || this.#total < (minBytesPerSecond * elapsed) / 1_000) {
      this.#end('body_too_slow')
      this.#flow?.stop()
    } else this.#cancel = this.#clock.after(Math.min(RATE_EVERY_MS, bodyMs - elapsed), () => this.#look())
  }
}
