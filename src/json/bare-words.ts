/**
 * Bare words in the place of values. eSputnik's complete example prints `"mediaType": email` (esputnik.com support page
 * "Webhooks", edition of about 2020), so a sender may write so too. Private.
 */

const TOKEN = /"|[\w.+-]+|[^\s"\w.+-]/g
const WORD = /^[A-Za-z_][\w.-]*$/
const VALUE_ENDS = /\s*[,}\]]/y

/** Literals: those of JSON, and those of other languages, which are not text but a broken serialiser. */
const LITERALS: ReadonlySet<string> = new Set(
  'true false null True False None TRUE FALSE NULL Null nil undefined NaN Infinity'.split(' '),
)

export const isForeignLiteral = (word: string): boolean => LITERALS.has(word)

/** The text with quotation marks around each bare word that stands where a value may; null: there is none. */
export function quoteBareWords(text: string): string | null {
  const token = new RegExp(TOKEN)
  const parts: string[] = []
  let [before, copied] = ['', 0]
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [word] = found
    const { index } = found
    if (word === '"') token.lastIndex = endOfString(text, index)
    else if (isBareValue(text, before, word, index)) {
      parts.push(text.slice(copied, index), `"${word}"`)
      copied = index + word.length
    }
    before = word
  }
  return parts.length === 0 ? null : parts.join('') + text.slice(copied)
}

function isBareValue(text: string, before: string, word: string, index: number): boolean {
  if ((before !== ':' && before !== ',' && before !== '[') || !WORD.test(word) || LITERALS.has(word)) return false
  VALUE_ENDS.lastIndex = index + word.length
  return VALUE_ENDS.test(text)
}

/** The index behind the closing quotation mark, or the end. */
function endOfString(text: string, open: number): number {
  for (let from = open + 1; ; ) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return text.length
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return quote + 1
    from = quote + 1
  }
}
