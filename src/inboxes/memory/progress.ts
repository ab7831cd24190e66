/** How far passes have come that were not settled. The rules are those of `rules/progress.ts`. */
import { isDeepStrictEqual } from 'node:util'
import type { Ends, NewProgress, Progress } from '../../ports/inbox/progress.ts'
import type { StoredError, WorkRow } from '../../ports/inbox/rows.ts'
import {
  endsOf,
  endsWithErrors,
  endsWithout,
  progressOf,
  type Reached,
  reachedOf,
  renamedEnds,
  renamedReached,
} from '../rules/progress.ts'

interface Kept {
  readonly seq: number
  /** null: the first pass. */
  readonly row: number | null
  readonly reached: Reached
  readonly parts: readonly Ends[]
}

export class PassProgress {
  readonly #kept = new Map<string, Kept>()

  save(progress: NewProgress): void {
    const { seq, row, parts } = progress
    const ends = endsOf(progress)
    const before = this.#kept.get(keyOf(seq, row))?.parts ?? []
    const kept = {
      seq,
      row,
      reached: reachedOf(progress),
      parts: ends === null ? before : [...before.slice(0, parts), ends],
    }
    this.#kept.set(keyOf(seq, row), kept)
  }

  /** Of the first pass; or of these rows. */
  of(seq: number, rows: readonly WorkRow[] | null, now: number): Progress[] {
    const ids = rows === null ? [null] : rows.map(({ id }) => id)
    return ids.flatMap((id) => {
      const kept = this.#kept.get(keyOf(seq, id))
      return kept === undefined ? [] : progressOf(id, kept.reached, kept.parts, now)
    })
  }

  end(seq: number, row: number | null): void {
    this.#kept.delete(keyOf(seq, row))
  }

  endAll(seq: number): void {
    for (const [key, kept] of this.#kept) if (kept.seq === seq) this.#kept.delete(key)
  }

  rename(renames: ReadonlyMap<string, string>): void {
    this.#change(
      () => true,
      (reached) => renamedReached(reached, renames),
      (ends) => renamedEnds(ends, renames),
    )
  }

  erase(seq: number, erased: ReadonlySet<number>): void {
    const isIt = (kept: Kept) => kept.seq === seq
    this.#change(
      isIt,
      (reached) => reached,
      (ends) => endsWithout(ends, erased),
    )
  }

  /** In deliveries that are not under claim. Answers whether one that is has to be looked at again. */
  cutErrors(
    isHeld: (seq: number) => boolean,
    cut: (errors: readonly StoredError[]) => readonly StoredError[],
  ): boolean {
    let busy = false
    for (const [key, kept] of this.#kept) {
      const parts = kept.parts.map((ends) => endsWithErrors(ends, cut))
      if (isDeepStrictEqual(parts, kept.parts)) continue
      if (isHeld(kept.seq)) busy = true
      else this.#kept.set(key, { ...kept, parts })
    }
    return busy
  }

  #change(
    isIt: (kept: Kept) => boolean,
    reachedNow: (reached: Reached) => Reached,
    endsNow: (ends: Ends) => Ends,
  ): void {
    for (const [key, kept] of this.#kept)
      if (isIt(kept))
        this.#kept.set(key, { ...kept, reached: reachedNow(kept.reached), parts: kept.parts.map(endsNow) })
  }
}

const keyOf = (seq: number, row: number | null) => `${seq} ${row ?? 0}`
