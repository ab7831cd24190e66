/** The verb `replay`: work rows, marked with a run of their own, for what was handled before. */
import { randomBytes } from 'node:crypto'
import { toBase32 } from '../../lib/base32.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { ReplayRow } from '../../ports/inbox/operations.ts'
import type { ReplayMark } from '../../ports/inbox/rows.ts'
import type { ReplayOptions, ReplayReport } from '../../public/inbox.ts'
import type { Selection } from './filters.ts'
import { planReplay } from './replay-plan.ts'
import { type Found, type WalkParts, walk } from './replay-walk.ts'
import { pause } from './verbs.ts'

export interface ReplayParts extends WalkParts {
  readonly clock: Clock
}

/** Rows made in one commit: an acknowledgement waits for no more than these. */
const ROWS = 1_000

export async function replay(parts: ReplayParts, filter: Selection, options: ReplayOptions): Promise<ReplayReport> {
  const plan = await planReplay(parts, filter)
  const { ratePerSecond: rate = Number.POSITIVE_INFINITY, signal } = options
  const name = plan.reads ? (filter.name ?? null) : null
  const mark = { run: `r_${toBase32(randomBytes(10))}`, name, unhandled: filter.outcome === 'unhandled' }
  const portions = new Portions(parts, mark, options, rate)
  for await (const found of walk(parts, plan, signal)) {
    if (signal?.aborted) break
    await portions.add(found)
  }
  if (!signal?.aborted) await portions.flush()
  return portions.report()
}

/** Gathers rows, and hands them in a portion at a time: as many as one commit takes, or one second may have. */
class Portions {
  readonly #inbox: InboxPort
  readonly #clock: Clock
  readonly #mark: ReplayMark
  readonly #options: ReplayOptions
  readonly #rate: number
  /** Events in one portion. */
  readonly #size: number
  #rows: ReplayRow[] = []
  #events = 0
  #deliveries = 0
  #matched = 0
  #queued = 0
  #unreadable = 0

  constructor({ inbox, clock }: ReplayParts, mark: ReplayMark, options: ReplayOptions, rate: number) {
    this.#inbox = inbox
    this.#clock = clock
    this.#mark = mark
    this.#options = options
    this.#rate = rate
    this.#size = Math.max(1, Math.floor(rate))
  }

  async add(found: Found): Promise<void> {
    this.#deliveries++
    this.#matched += found.count
    if (found.unreadable) this.#unreadable++
    if (!this.#options.dryRun) await this.#take(found)
    const { onProgress } = this.#options
    const [run, matched, queued] = [this.#mark.run, this.#matched, this.#queued]
    onProgress?.({ run, deliveries: this.#deliveries, matched, queued, reachedAt: new Date(found.receivedAt) })
  }

  async flush(): Promise<void> {
    const [rows, events] = [this.#rows, this.#events]
    if (rows.length === 0) return
    this.#rows = []
    this.#events = 0
    const made = await this.#inbox.carryOut({ kind: 'replay', mark: this.#mark, rows })
    // Fewer, where a delivery was taken away meanwhile.
    this.#queued += Math.round((events * made) / rows.length)
    if (Number.isFinite(this.#rate)) await pause(this.#clock, (events / this.#rate) * 1_000, this.#options.signal)
  }

  report(): ReplayReport {
    return { run: this.#mark.run, matched: this.#matched, queued: this.#queued, unreadable: this.#unreadable }
  }

  async #take({ seq, targets, count, at }: Found): Promise<void> {
    for (let n = 0; n < count && !this.#options.signal?.aborted; ) {
      const some = Math.min(count - n, this.#size - this.#events)
      const [first, last] = [at(n), at(n + some - 1)]
      for (const handler of targets) this.#rows.push({ seq, handler, first, last })
      this.#events += some
      n += some
      if (this.#events >= this.#size || this.#rows.length >= ROWS) await this.flush()
    }
  }
}
