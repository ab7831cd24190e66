/** The end of a process of the thread that renews its lease. */
import { startThread } from '../../../lib/thread-code.ts'
import { LEASE_THREAD } from './lease-thread.ts'
import type { LeaseTerms } from './terms.ts'

export class LeaseThread {
  readonly #beats: Int32Array
  readonly #renewedAt: BigInt64Array
  readonly #worker: ReturnType<typeof startThread>
  readonly #timer: NodeJS.Timeout

  constructor(terms: Omit<LeaseTerms, 'beats' | 'renewedAt'>) {
    this.#beats = new Int32Array(new SharedArrayBuffer(4))
    this.#renewedAt = new BigInt64Array(new SharedArrayBuffer(8))
    const workerData = { ...terms, beats: this.#beats, renewedAt: this.#renewedAt }
    this.#worker = startThread(LEASE_THREAD, { workerData, name: 'posthorn-lease' })
    this.#worker.unref()
    // Where it does not run, the loop of the process renews as long as it turns.
    this.#worker.on('error', () => {})
    this.#timer = setInterval(() => Atomics.add(this.#beats, 0, 1), Math.min(1_000, terms.everyMs))
    this.#timer.unref()
  }

  /** When it renewed last, as `process.hrtime.bigint` tells it; 0: it has not. */
  get renewedAt(): bigint {
    return Atomics.load(this.#renewedAt, 0)
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
