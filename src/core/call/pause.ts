/** When a handler that only fails is paused, and when one event is tried although it is. */
import type { Clock } from '../../ports/clock.ts'

export interface Pause {
  readonly by: 'hand' | 'failures'
  readonly since: number
  /** False: another process tries one event from time to time. Absent: true. */
  readonly probe?: boolean | undefined
}

/** Failures in a row, on so many events, over so long: a handler that is broken, not an event. */
const [FAILURES, EVENTS, OVER_MS] = [20, 5, 10_000]
const [FIRST_PROBE_MS, LAST_PROBE_MS] = [1_000, 300_000]

export class PauseWatch {
  readonly #clock: Clock
  #pause: Pause | null = null
  /** Since the last success. */
  #failures = 0
  /** In steady time. */
  #firstFailureAt = 0
  readonly #events = new Set<string>()
  #probing = false
  #probeDelayMs = FIRST_PROBE_MS
  #nextProbeAt = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get pause(): Pause | null {
    return this.#pause
  }

  /** By hand, or as the last process left it: a pause after failures is probed at once. */
  set(pause: Pause | null): void {
    this.#pause = pause
    this.#forget()
    this.#nextProbeAt = this.#clock.now()
  }

  /** Whether an event may be tried now: while paused, one at a time, when its time has come. */
  isOpen(): boolean {
    if (this.#pause === null) return true
    return this.#isProber() && !this.#probing && this.#clock.now() >= this.#probeTime()
  }

  /** An event is about to be tried. */
  begin(): void {
    if (this.#pause !== null) this.#probing = true
  }

  /** null: not paused, paused by hand, another process tries, or an event is being tried. */
  probeAt(): number | null {
    return this.#isProber() && !this.#probing ? this.#probeTime() : null
  }

  #isProber(): boolean {
    return this.#pause?.by === 'failures' && this.#pause.probe !== false
  }

  /** Never later than the whole delay from now: a clock that was set back must not keep the handler paused. */
  #probeTime(): number {
    if (this.#nextProbeAt - this.#clock.now() > this.#probeDelayMs) this.#nextProbeAt = this.#clock.now()
    return this.#nextProbeAt
  }

  succeeded(): void {
    // After every event that is handled as it should be.
    if (this.#pause === null && this.#failures === 0 && !this.#probing) return
    if (this.#pause?.by !== 'hand') this.#pause = null
    this.#forget()
  }

  /** It ended in a way that says nothing about the handler. */
  ended(): void {
    this.#probing = false
  }

  failed(event: string): void {
    const now = this.#clock.now()
    if (this.#pause !== null) this.#probeFailed(now)
    else this.#countFailure(event, now)
  }

  #countFailure(event: string, now: number): void {
    const steady = this.#clock.steady()
    if (this.#failures++ === 0) this.#firstFailureAt = steady
    if (this.#events.size < EVENTS) this.#events.add(event)
    if (this.#failures < FAILURES || this.#events.size < EVENTS || steady - this.#firstFailureAt < OVER_MS) return
    this.#pause = { by: 'failures', since: now }
    this.#nextProbeAt = now + this.#probeDelayMs
  }

  #probeFailed(now: number): void {
    this.#probing = false
    this.#probeDelayMs = Math.min(this.#probeDelayMs * 2, LAST_PROBE_MS)
    this.#nextProbeAt = now + this.#probeDelayMs
  }

  #forget(): void {
    this.#failures = 0
    this.#events.clear()
    this.#probing = false
    this.#probeDelayMs = FIRST_PROBE_MS
  }
}
