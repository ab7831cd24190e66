/** One line on stderr that says how far a command is; only on a terminal. */
import { isQuiet } from './streams.ts'
import { cut } from './width.ts'

const EVERY_MS = 100

export class Progress {
  readonly #isShown = Boolean(process.stderr.isTTY) && !isQuiet()
  #at = 0
  #isOnLine = false

  show(text: string): void {
    const now = performance.now()
    if (!this.#isShown || now - this.#at < EVERY_MS) return
    this.#at = now
    this.#isOnLine = true
    process.stderr.write(`\r\x1b[K${cut(text, (process.stderr.columns || 80) - 1)}`)
  }

  /** Takes the line away. */
  end(): void {
    if (this.#isOnLine) process.stderr.write('\r\x1b[K')
    this.#isOnLine = false
  }
}
