import { PermanentError, RetryLater } from '../../../../src/errors.ts'
import type { HandlerContext } from '../../../../src/public/handlers.ts'
import type { AnyEvent } from '../../../../src/types.ts'
import type { FakeClock } from '../../../support/fake-clock.ts'
import type { Life } from '../../../support/mortal.ts'
import type { Fate } from './steps.ts'

/** What a handler sees, and what it must not see. */
export class Watch {
  readonly #clock: FakeClock
  readonly #fates = new Map<number, Fate[]>()
  readonly #running = new Map<string, number>()
  /** By key, the event that waits for its retry. */
  readonly #retried = new Map<string, number>()
  readonly #tried = new Set<number>()
  /** They need not end. */
  readonly erased = new Set<number>()
  /** By key, the numbers of the events that have ended. */
  readonly ended = new Map<string, number[]>()
  readonly faults: string[] = []

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  expects(n: number, fates: readonly Fate[]): void {
    this.#fates.set(n, [...fates])
  }

  async handle(event: AnyEvent, { signal }: HandlerContext, life: Life): Promise<void> {
    if (life.isDead || event.isReplay) return
    const { key, n } = event.payload as { key: string; n: number }
    if (key !== '') this.#begin(key, n)
    this.#running.set(key, n)
    try {
      await this.#meet(this.#fates.get(n)?.shift() ?? 'done', n, signal)
      if (!life.isDead) this.#end(key, n)
    } catch (error) {
      if (error instanceof PermanentError) this.#end(key, n)
      else if (!life.isDead && !signal.aborted) this.#retried.set(key, n)
      throw error
    } finally {
      if (!life.isDead && this.#running.get(key) === n) this.#running.delete(key)
    }
  }

  /** Nobody runs any more. */
  died(): void {
    this.#running.clear()
    this.#retried.clear()
  }

  #begin(key: string, n: number): void {
    if (this.#running.has(key)) this.faults.push(`${n} runs beside ${this.#running.get(key)}`)
    const retried = this.#retried.get(key) ?? n
    const mustWait = retried < n && !this.#tried.has(n) && !this.erased.has(retried)
    if (mustWait) this.faults.push(`${n} runs before the retry of ${retried}`)
    if (retried === n) this.#retried.delete(key)
    this.#tried.add(n)
  }

  async #meet(fate: Fate, n: number, signal: AbortSignal): Promise<void> {
    if (fate === 'slow') await this.#sleep(700 + (n % 5) * 300, signal)
    if (fate === 'fails') throw new Error('not now')
    if (fate === 'later') throw new RetryLater({ afterMs: 2_000 })
    if (fate === 'dies') throw new PermanentError('never')
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#clock.after(ms, resolve)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }

  #end(key: string, n: number): void {
    const ended = this.ended.get(key) ?? []
    if (!ended.includes(n)) ended.push(n)
    this.ended.set(key, ended)
  }
}
