/** What an inbox has counted, in the place of what a process that has just begun did not see. */
import type { TallyCount } from '../public/look.ts'
import type { Shared } from './shared.ts'

const MINUTE_MS = 60_000
/** Over ten minutes. */
const LATE_WORDS = ['late:4', 'late:5', 'late:6', 'late:7']

/** Minutes of the last hour, and of the last day those with a delivery; those that began before `beganAt`. */
export function seed(
  { window, activity }: Pick<Shared, 'window' | 'activity'>,
  counts: Iterable<Pick<TallyCount, 'at' | 'source' | 'word' | 'count'>>,
  beganAt: number,
): void {
  const began = Math.floor(beganAt / MINUTE_MS) * MINUTE_MS
  for (const { at, source, word, count } of counts) {
    if (at.getTime() >= began) continue
    if (word === 'in' || word === 'dup') activity.addMinute(source, at.getTime())
    const key = keyOf(word, source)
    if (key !== null) window.put(key, count, at.getTime())
    if (word.startsWith('late:')) window.put(`read:${source}`, count, at.getTime())
  }
}

/** How the window calls what the inbox counts so; null: it has no use for it. */
function keyOf(word: string, source: string): string | null {
  if (word === 'in') return `accepted:${source}`
  if (word === 'dup') return `duplicate:${source}`
  if (word === 'left' || word === 'quarantined') return `${word}:${source}`
  if (word.startsWith('dead:')) return word
  if (word.startsWith('ev:') && word.endsWith('/unknown')) return `unknown:${source}`
  return LATE_WORDS.includes(word) ? `late:${source}` : null
}
