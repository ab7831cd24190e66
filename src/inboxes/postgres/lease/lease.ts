/** The end of a process of the thread that renews its lease. */
import { startThread } from '../../../lib/thread-code.ts'
import { LEASE_THREAD } from './lease-thread.ts'
import type { LeaseTerms } from './terms.ts'

export class LeaseThread {
  readonly #beats: Int32Array
  readonly #worker: ReturnType<typeof startThread>
  readonly #timer: NodeJS.Timeout

  constructor(terms: Omit<LeaseTerms, 'beats'>) {
    this.#beats = new Int32Array(new SharedArrayBuffer(4))
    this.#worker = startThread(LEASE_THREAD, { workerData: { ...terms, beats: this.#beats }, name: 'posthorn-lease' })
    this.#worker.unref()
    // Where it does not run, the loop of the process renews as long as it turns.
    this.#worker.on('error', () => {})
    this.#timer = setInterval(() => Atomics.add(this.#beats, 0, 1), Math.min(1_000, terms.everyMs))
    this.#timer.unref()
  }

  /** From now on it renews for this one. */
  follow(owner: string): void {
    this.#worker.postMessage(owner)
  }

  async end(): Promise<void> {
    clearInterval(this.#timer)
    await this.#worker.terminate()
  }
}
