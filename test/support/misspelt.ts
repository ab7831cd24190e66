/** A word with a letter too few, too many, exchanged, and in the wrong case: such as are not words of the list. */
export function misspelt(word: string, words: readonly string[]): string[] {
  const middle = Math.floor(word.length / 2)
  const [before, letter, after] = [word.slice(0, middle), word[middle] ?? '', word.slice(middle + 1)]
  const wrong = [before + after, before + letter + letter + after, word.toUpperCase(), `${before}_${after}`]
  return [...new Set(wrong)].filter((one) => one !== '' && !words.includes(one))
}
