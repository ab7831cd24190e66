/** The word of a list that is nearest to a misspelt one, for error messages. */
export function nearest(word: string, words: Iterable<string>): string | null {
  let [best, distance] = [null as string | null, Math.max(3, word.length / 2)]
  for (const candidate of words) {
    const d = editDistance(word, candidate)
    if (d < distance) [best, distance] = [candidate, d]
  }
  return best
}

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
