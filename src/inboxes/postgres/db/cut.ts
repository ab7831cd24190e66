/** The moment from which nobody waits for the database any more: what it has not answered by then is given up. */
import { PosthornError } from '../../../errors.ts'

const message = 'PostgreSQL has not answered in the time that was left until the inbox closed.'

/** The longest `setTimeout` can wait; asked for more, it does not wait at all. */
const LONGEST_MS = 2 ** 31 - 1

export class Cut {
  readonly #waiting = new Set<() => void>()
  #timer: NodeJS.Timeout | null = null
  #endsAt = Number.POSITIVE_INFINITY
  #isOver = false

  get isOver(): boolean {
    return this.#isOver
  }

  /** Of several the earliest counts. Real time: it is about a network. */
  within(ms: number): void {
    const endsAt = performance.now() + ms
    if (this.#isOver || endsAt >= this.#endsAt) return
    this.#endsAt = endsAt
    clearTimeout(this.#timer ?? undefined)
    this.#timer = setTimeout(() => this.now(), Math.min(ms, LONGEST_MS))
  }

  now(): void {
    if (this.#isOver) return
    this.end()
    this.#isOver = true
    for (const run of this.#waiting) run()
    this.#waiting.clear()
  }

  /** It does not come any more. */
  end(): void {
    clearTimeout(this.#timer ?? undefined)
  }

  /** Called at the cut, or at once where it has been; the returned function calls that off. */
  on(run: () => void): () => void {
    if (this.#isOver) run()
    else this.#waiting.add(run)
    return () => void this.#waiting.delete(run)
  }

  /**
   * As the promise, but rejects at the cut. No race with a promise that lives as long as the inbox: each would be kept by it.
   * @throws ERR_INBOX_IO
   */
  until<T>(running: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.on(() => reject(new PosthornError('ERR_INBOX_IO', message)))
      running.finally(forget).then(resolve, reject)
    })
  }
}
