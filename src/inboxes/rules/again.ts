/** Work rows made of dead letters and quarantine. */
import type { NewWorkRow } from '../../ports/inbox/rows.ts'

/** More elements than any delivery has: covers all of a delivery whose number of elements is not known. */
const MOST_ELEMENTS = 1_000_000

/** The work row of a dead letter: it belongs to the same replay. */
export function rowOfLetter(letter: Pick<Letter, 'handler' | 'index' | 'run'>, now: number): NewWorkRow {
  const { handler, index, run } = letter
  const replay = run === null ? null : { run, name: null, unhandled: false }
  return { ...again(handler, index, index, now), replay }
}

interface Letter {
  readonly handler: string
  readonly index: number
  /** The id of a replay. */
  readonly run: string | null
}

/**
 * The work row of quarantine; `index` null: over its whole delivery, of `events` elements; `events` null: not known.
 */
export function rowOfItem(handler: string, index: number | null, events: number | null, now: number): NewWorkRow {
  const last = index ?? Math.max(events ?? MOST_ELEMENTS, 1) - 1
  return again(handler, index ?? 0, last, now)
}

/** A row with no attempts spent, due at once. */
function again(handler: string, first: number, last: number, now: number): NewWorkRow {
  return { handler, first, last, attempts: 0, dueAt: now, errors: [], replay: null }
}
