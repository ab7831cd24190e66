/** What earlier passes over the same claim have finished and saved: no handler gets it again. */
import { callKey } from '../../lib/call-key.ts'
import type { Claim } from '../../ports/inbox/claims.ts'
import type { Progress, Stretch } from '../../ports/inbox/progress.ts'
import type { NewWorkRow, WorkRow } from '../../ports/inbox/rows.ts'
import { contains } from './stretches.ts'

const NOTHING: readonly Stretch[] = Object.freeze([])
const NOBODY: readonly string[] = Object.freeze([])

export class Resumed {
  readonly #rows: NewWorkRow[]
  readonly dead: Progress['dead']
  readonly quarantined: Progress['quarantined']
  readonly #byRow: ReadonlyMap<number | null, Progress>
  /** Calls that rows and dead letters stand for; made when it is needed. */
  #standing: Set<string> | null = null
  /** What the clock said at the claim. */
  readonly #at: number
  /** Where in `rows` those stand whose key is to be asked for. */
  readonly #keyless = new Map<string, number>()

  /** `apart`: as in the claim. Whoever runs these handlers reads the keys of their rows anew, in their turn. */
  constructor(progress: readonly Progress[], apart: readonly string[] = NOBODY) {
    const isUnread = ({ handler, replay }: NewWorkRow) => replay === null && apart.includes(handler)
    const rows = progress.flatMap((one) => one.rows)
    this.#at = progress[0]?.at ?? 0
    this.#rows = rows.map((row) => (isUnread(row) ? { ...row, orderKey: undefined, parked: false } : row))
    this.dead = progress.flatMap(({ dead }) => dead)
    this.quarantined = progress.flatMap(({ quarantined }) => quarantined)
    this.#byRow = new Map(progress.map((one) => [one.row, one]))
  }

  /** null: nothing was brought to an end before. */
  static of({ progress = [], apart }: Claim): Resumed | null {
    return progress.length === 0 ? null : new Resumed(progress, apart)
  }

  /** Elements that are over for the handler; `row` null: in the first pass. */
  over(row: WorkRow | null, handler: string): readonly Stretch[] {
    return this.#byRow.get(row?.id ?? null)?.over[handler] ?? NOTHING
  }

  isOver(row: WorkRow | null, handler: string, index: number): boolean {
    return contains(this.over(row, handler), index)
  }

  /** Whether the handler was called for it, and succeeded: it is over, and nothing stands for it. */
  isDone(row: WorkRow | null, handler: string, index: number): boolean {
    this.#standing ??= new Set(this.#standIns())
    return this.isOver(row, handler, index) && !this.#standing.has(callKey(index, handler))
  }

  *#standIns(): Generator<string> {
    for (const { handler, first, last } of this.#rows)
      for (let index = first; index <= last; index++) yield callKey(index, handler)
    for (const { handler, index } of this.dead) yield callKey(index, handler)
  }

  /** By handler the attempts that failed and are to be repeated. `rows`: what they were attempts of, but for a first pass. */
  failures(rows: readonly WorkRow[]): ReadonlyMap<string, number> {
    const failures = new Map<string, number>()
    for (const { row: id, rows: left } of this.#byRow.values()) {
      const before = rows.find((row) => row.id === id)
      for (const row of left)
        if (hasFailedSince(row, before)) failures.set(row.handler, (failures.get(row.handler) ?? 0) + 1)
    }
    return failures
  }

  get copies(): readonly Stretch[] {
    return this.#byRow.get(null)?.copies ?? NOTHING
  }

  get unhandled(): Progress['unhandled'] {
    return this.#byRow.get(null)?.unhandled ?? {}
  }

  /** Whether what there is to say of the element itself was said in a first pass. */
  isSaid(index: number): boolean {
    return index < (this.#byRow.get(null)?.next ?? 0)
  }

  /**
   * Rows that its settlement makes: due not later than the whole wait from now: the clock may have been set back since
   * the claim.
   */
  rowsAt(now: number): NewWorkRow[] {
    return this.#rows.map((row) => ({ ...row, dueAt: Math.min(row.dueAt, now + Math.max(0, row.dueAt - this.#at)) }))
  }

  /**
   * Of a handler that has an order. Those that have no key may have been saved before it had one: until they are given
   * theirs nobody knows it.
   */
  orderedRows(handler: string): readonly NewWorkRow[] {
    for (const [at, row] of this.#rows.entries()) {
      if (row.handler !== handler || row.replay !== null || typeof row.orderKey === 'number') continue
      this.#rows[at] = { ...row, orderKey: undefined }
      this.#keyless.set(callKey(row.first, handler), at)
    }
    return this.#rows.filter((row) => row.handler === handler)
  }

  /** Whether the event has ended with a row whose key is not known yet. */
  lacksKey(handler: string, index: number): boolean {
    return this.#keyless.has(callKey(index, handler))
  }

  giveKey(handler: string, index: number, orderKey: number | null): void {
    const at = this.#keyless.get(callKey(index, handler))
    const row = at === undefined ? undefined : this.#rows[at]
    if (at !== undefined && row !== undefined) this.#rows[at] = { ...row, orderKey }
  }
}

/** `RetryLater` counts no attempt, and of many errors the latest ones are kept. */
function hasFailedSince({ attempts, errors }: NewWorkRow, before: WorkRow | undefined): boolean {
  const [last, lastBefore] = [errors.at(-1), before?.errors.at(-1)]
  return last !== undefined && (attempts !== before?.attempts || last.at !== lastBefore?.at)
}
