/** The word of a list that was most likely meant by one that is not in it, in any case of letters; for error messages. */
export function nearest(word: string, words: Iterable<string>): string | null {
  const asked = word.toLowerCase()
  let [best, distance] = [null as string | null, Math.max(3, asked.length / 2)]
  for (const candidate of words) {
    const d = distanceOf(asked, candidate.toLowerCase())
    if (d < distance) [best, distance] = [candidate, d]
  }
  return best
}

/** `; did you mean "…"?` with the nearest of the words, for the end of an error message; empty where none is near. */
export function didYouMean(word: string, words: Iterable<string>): string {
  const near = nearest(word, words)
  return near === null ? '' : `; did you mean "${near}"?`
}

/** Words that are cut off or run on are nearer than any that two letters tell apart: `block` is `blocked`, not `click`. */
function distanceOf(a: string, b: string): number {
  const edits = editDistance(a, b)
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return short.length >= SHORTEST && long.startsWith(short) ? Math.min(edits, 1 + edits / 1_000) : edits
}

/** Shorter beginnings say nothing. */
const SHORTEST = 3

/** Levenshtein, one row at a time; words here are short. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
