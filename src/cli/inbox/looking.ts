/** A look that reads deliveries: says on stderr how far it has come, and where it was stopped. */

import type { LookOptions, LookProgress } from '../../public/look.ts'
import { counted, timeText } from '../out/format.ts'
import { Progress } from '../out/progress.ts'
import { tell } from '../out/streams.ts'
import type { LookOptions as InboxLookOptions } from './look.ts'
import type { OpenInbox } from './open.ts'

export class Looking {
  readonly options: LookOptions
  readonly #progress = new Progress()
  readonly #stop: AbortSignal
  readonly #utc: boolean
  readonly #isWatch: boolean
  #reachedAt: Date | null = null

  constructor({ stop }: Pick<OpenInbox, 'stop'>, { utc, watch = false }: Pick<InboxLookOptions, 'utc' | 'watch'>) {
    this.#stop = stop
    this.#utc = utc
    this.#isWatch = watch
    this.options = { signal: stop, onProgress: (progress) => this.#came(progress) }
  }

  #came({ deliveries, reachedAt }: LookProgress): void {
    this.#reachedAt = reachedAt
    if (!this.#isWatch)
      this.#progress.show(
        `${counted(deliveries, 'delivery', 'deliveries')} read, back to ${timeText(reachedAt, this.#utc)}`,
      )
  }

  /** The events as they are found, with the line of progress out of their way. */
  async *found<T>(events: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const event of events) {
      this.#progress.end()
      yield event
    }
    this.end()
  }

  /** Says how far it has come when it was stopped; the others of that ms are looked at again. */
  end(): void {
    this.#progress.end()
    if (this.#isWatch || !this.#stop.aborted || this.#reachedAt === null) return
    const until = new Date(this.#reachedAt.getTime() + 1)
    tell(
      `Stopped at what was received at ${timeText(this.#reachedAt, this.#utc)}: go on with until:${until.toISOString()}`,
    )
  }
}
