/** The progress of passes under way, as every inbox keeps it: its parts, and how renames and erasures change them. */
import type { Ends, NewProgress, Progress, Stretch } from '../../ports/inbox/progress.ts'
import type { NewWorkRow, StoredError } from '../../ports/inbox/rows.ts'
import { asOf } from './leap.ts'
import { leftOf } from './ranges.ts'

/** How far the pass has come; the last one saved counts. */
export type Reached = Pick<Progress, 'next' | 'over'>

export const reachedOf = ({ next, over }: Omit<NewProgress, 'token'>): Reached => ({ next, over })

/** The ends in this part; null: it has none. */
export function endsOf({ rows, at, dead, quarantined, unhandled, copies }: Omit<NewProgress, 'token'>): Ends | null {
  const many = rows.length + dead.length + quarantined.length + copies.length + Object.keys(unhandled).length
  return many === 0 ? null : { rows, at, dead, quarantined, unhandled, copies }
}

/**
 * The whole progress, from its parts in the order they were saved; due times are corrected for a clock set back since.
 */
export function progressOf(row: number | null, reached: Reached, parts: readonly Ends[], now: number): Progress {
  const unhandled: Record<string, number> = {}
  for (const part of parts)
    for (const [name, count] of Object.entries(part.unhandled)) unhandled[name] = (unhandled[name] ?? 0) + count
  return {
    row,
    ...reached,
    parts: parts.length,
    at: now,
    rows: parts.flatMap(({ rows, at }) => asOf(rows, at, now)),
    dead: parts.flatMap(({ dead }) => dead),
    quarantined: parts.flatMap(({ quarantined }) => quarantined),
    unhandled,
    copies: parts.flatMap(({ copies }) => copies),
  }
}

/** With the current names of the handlers. */
export function renamedReached({ next, over }: Reached, renames: ReadonlyMap<string, string>): Reached {
  const renamed: Record<string, readonly Stretch[]> = {}
  for (const [name, stretches] of Object.entries(over)) {
    const now = renames.get(name) ?? name
    if (now === name || over[now] === undefined) renamed[now] = stretches
  }
  return { next, over: renamed }
}

export function renamedEnds(ends: Ends, renames: ReadonlyMap<string, string>): Ends {
  const renamed = <T extends { readonly handler: string }>(one: T): T => ({
    ...one,
    handler: renames.get(one.handler) ?? one.handler,
  })
  return { ...ends, rows: ends.rows.map(renamed), dead: ends.dead.map(renamed) }
}

/** With `change` applied to the errors of all rows and dead letters. */
export function endsWithErrors(ends: Ends, change: (errors: readonly StoredError[]) => readonly StoredError[]): Ends {
  const changed = <T extends { readonly errors: readonly StoredError[] }>(one: T): T => ({
    ...one,
    errors: change(one.errors),
  })
  return { ...ends, rows: ends.rows.map(changed), dead: ends.dead.map(changed) }
}

/** Without rows, dead letters and quarantine of erased elements. The elements stay over, and counts stay. */
export function endsWithout(ends: Ends, erased: ReadonlySet<number>): Ends {
  return {
    ...ends,
    rows: ends.rows.flatMap((row) => rowWithout(row, erased)),
    dead: ends.dead.filter(({ index }) => !erased.has(index)),
    quarantined: ends.quarantined.filter(({ index }) => index === null || !erased.has(index)),
  }
}

function rowWithout(row: NewWorkRow, erased: ReadonlySet<number>): NewWorkRow[] {
  const left = leftOf(row, erased)
  if (left === 'ended') return []
  return [left === 'shrunk' ? { ...row, errors: [] } : row]
}
