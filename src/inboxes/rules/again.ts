/** Work that is made of what died, or was in quarantine. */
import type { NewWorkRow } from '../../ports/inbox/rows.ts'

/** More elements than any delivery has: the row covers all of one whose number is not known. */
const MOST_ELEMENTS = 1_000_000

/** Of a dead letter: it stays part of the replay that it died in. */
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

/** Of a row of quarantine; `index` null: of its whole delivery, which has `events` elements, or nobody knows how many. */
export function rowOfItem(handler: string, index: number | null, events: number | null, now: number): NewWorkRow {
  const last = index ?? Math.max(events ?? MOST_ELEMENTS, 1) - 1
  return again(handler, index ?? 0, last, now)
}

/** With no attempts spent, due at once. */
function again(handler: string, first: number, last: number, now: number): NewWorkRow {
  return { handler, first, last, attempts: 0, dueAt: now, errors: [], replay: null }
}
