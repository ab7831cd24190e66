/** What an inbox has counted, of all its processes, as far as it keeps such counts. */
import type { TallyCount } from '../public/look.ts'
import type { Shared } from './shared.ts'

/** Over ten minutes. */
const LATE_WORDS = ['late:4', 'late:5', 'late:6', 'late:7']

/** Minutes of the last hour, and of the last day those with a delivery. */
export function seed(
  { window, activity }: Pick<Shared, 'window' | 'activity'>,
  counts: Iterable<Pick<TallyCount, 'at' | 'source' | 'word' | 'count'>>,
): void {
  for (const { at, source, word, count } of counts) {
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
  if (word === 'left') return `left:${source}`
  if (word.split(':')[0] === 'quarantined') return `quarantined:${source}`
  if (word.startsWith('dead:')) return word
  if (word.startsWith('ev:') && word.endsWith('/unknown')) return `unknown:${source}`
  return LATE_WORDS.includes(word) ? `late:${source}` : null
}
