/** The verb `replay`: work rows, marked with a run of their own, for what was handled before. */
import { randomBytes } from 'node:crypto'
import { toBase32 } from '../../lib/base32.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { ReplayRow } from '../../ports/inbox/operations.ts'
import type { ReplayMark } from '../../ports/inbox/rows.ts'
import type { ReplayOptions, ReplayReport } from '../../public/inbox.ts'
import type { Selection } from './filters.ts'
import { type Plan, planReplay } from './replay-plan.ts'
import { type Border, borderOf, type Found, type WalkParts, walk } from './replay-walk.ts'
import { assertAtMost, missingIn, pause } from './verbs.ts'

export interface ReplayParts extends WalkParts {
  readonly clock: Clock
}

/** Rows made in one commit: an acknowledgement waits for no more than these. */
const ROWS = 1_000

export async function replay(parts: ReplayParts, filter: Selection, options: ReplayOptions): Promise<ReplayReport> {
  const plan = await planReplay(parts, filter, options.after)
  const { signal } = options
  const name = plan.reads ? (filter.name ?? null) : null
  const mark = { run: `r_${toBase32(randomBytes(10))}`, name, unhandled: filter.outcome === 'unhandled' }
  const portions = new Portions(parts, mark, options, plan.hasPlaces)
  const missing = new Set<number>()
  const border = await borderOf(parts, missing)
  const meant = await counted(parts, plan, border, options)
  for await (const found of walk(parts, plan, border, signal)) {
    if (signal?.aborted) break
    // The first pass of some has ended since they were counted, and in one of several logs some came later.
    const count = meant === null ? found.count : Math.min(found.count, meant.get(keyOf(found)) ?? 0)
    if (count > 0 || found.count === 0) await portions.add({ ...found, count })
  }
  if (!signal?.aborted) await portions.flush()
  return { ...portions.report(), ...missingIn(missing) }
}

const keyOf = ({ seq, asked }: Found) => `${seq} ${asked}`

/** What is acted on, and how many events of it at most; null: there is no bound. @throws PosthornError ERR_MORE_MATCHED */
async function counted(
  parts: ReplayParts,
  plan: Plan,
  border: Border,
  { atMost, dryRun, signal }: ReplayOptions,
): Promise<ReadonlyMap<string, number> | null> {
  if (atMost === undefined || dryRun) return null
  const meant = new Map<string, number>()
  let matched = 0
  for await (const found of walk(parts, plan, border, signal)) {
    if (signal?.aborted) break
    matched += found.count
    assertAtMost(matched, atMost)
    if (found.count > 0) meant.set(keyOf(found), found.count)
  }
  return meant
}

/** Gathers rows, and hands them in a portion at a time: as many as one commit takes, or one second may have. */
class Portions {
  readonly #inbox: InboxPort
  readonly #clock: Clock
  readonly #mark: ReplayMark
  readonly #options: ReplayOptions
  readonly #rate: number
  /** A replay of these deliveries goes on behind a place. */
  readonly #hasPlaces: boolean
  /** Events in one portion. */
  readonly #size: number
  #rows: ReplayRow[] = []
  /** The first delivery that has rows which are not handed in. */
  #waiting: Found | null = null
  /** The last delivery that was gathered as a whole; and the last up to which everything is handed in. */
  #gathered: Found | null = null
  #place: Found | null = null
  #events = 0
  #deliveries = 0
  #matched = 0
  #queued = 0
  #unreadable = 0

  constructor({ inbox, clock }: ReplayParts, mark: ReplayMark, options: ReplayOptions, hasPlaces: boolean) {
    const { ratePerSecond: rate = Number.POSITIVE_INFINITY } = options
    this.#inbox = inbox
    this.#clock = clock
    this.#mark = mark
    this.#options = options
    this.#rate = rate
    this.#hasPlaces = hasPlaces
    this.#size = Math.max(1, Math.floor(rate))
  }

  async add(found: Found): Promise<void> {
    this.#deliveries++
    this.#matched += found.count
    if (found.unreadable) this.#unreadable++
    if (!this.#options.dryRun && (await this.#take(found))) this.#gathered = found
    if (this.#rows.length === 0) this.#place = this.#gathered
    const { onProgress } = this.#options
    const [run, matched, queued, deliveries] = [this.#mark.run, this.#matched, this.#queued, this.#deliveries]
    // What is gathered and not handed in is lost to a stop.
    const reachedAt = new Date((this.#waiting ?? found).receivedAt)
    const place = this.#hasPlaces ? (this.#place?.id ?? null) : null
    onProgress?.({ run, deliveries, matched, queued, reachedAt, place })
  }

  async flush(): Promise<void> {
    const [rows, events] = [this.#rows, this.#events]
    if (rows.length === 0) return
    this.#rows = []
    this.#events = 0
    this.#waiting = null
    const made = await this.#inbox.carryOut({ kind: 'replay', mark: this.#mark, rows })
    // Fewer, where a delivery was taken away meanwhile.
    this.#queued += Math.round((events * made) / rows.length)
    this.#place = this.#gathered
    if (Number.isFinite(this.#rate)) await pause(this.#clock, (events / this.#rate) * 1_000, this.#options.signal)
  }

  report(): ReplayReport {
    return { run: this.#mark.run, matched: this.#matched, queued: this.#queued, unreadable: this.#unreadable }
  }

  /** false: it was stopped before all of them were gathered. */
  async #take(found: Found): Promise<boolean> {
    const { seq, targets, count, at } = found
    let n = 0
    while (n < count && !this.#options.signal?.aborted) {
      const some = Math.min(count - n, this.#size - this.#events)
      const [first, last] = [at(n), at(n + some - 1)]
      for (const handler of targets) this.#rows.push({ seq, handler, first, last })
      this.#events += some
      this.#waiting ??= found
      n += some
      if (this.#events >= this.#size || this.#rows.length >= ROWS) await this.flush()
    }
    return n >= count
  }
}
