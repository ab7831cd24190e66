/** Private. */

const ZERO = 48
const NINE = 57
const DOT = 46

/**
 * The first enhanced status code in the reply (RFC 3463 section 2: `class.subject.detail`, class 2, 4 or 5, the others
 * up to three digits) that stands alone, so neither `2.3.4.5` nor `v5.1.1` is one; null where there is none.
 * One pass: each dot is looked at once, with at most four characters on either side.
 */
export function enhancedCode(text: string): string | null {
  for (let dot = text.indexOf('.'); dot !== -1; dot = text.indexOf('.', dot + 1)) {
    const start = dot - 1
    if (!isClass(text.charCodeAt(start)) || !isBorder(text, start - 1)) continue
    const subjectEnd = digitsEnd(text, dot + 1)
    if (subjectEnd === null || text.charCodeAt(subjectEnd) !== DOT) continue
    const end = digitsEnd(text, subjectEnd + 1)
    if (end !== null && isEnd(text, end)) return text.slice(start, end)
  }
  return null
}

/** Where the one to three digits from `at` on end; null when there are none, or more. */
function digitsEnd(text: string, at: number): number | null {
  let end = at
  while (end - at < 4 && isDigit(text.charCodeAt(end))) end++
  return end === at || end - at > 3 ? null : end
}

// 2, 4, 5
function isClass(code: number): boolean {
  return code === 50 || code === 52 || code === 53
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

/** What stands before a code: no digit, dot or letter. */
function isBorder(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  if (Number.isNaN(code)) return true
  const letter = code | 32
  return !isDigit(code) && code !== DOT && !(letter >= 97 && letter <= 122)
}

/** What stands after a code: no letter, and a dot only at the end of a sentence. */
function isEnd(text: string, at: number): boolean {
  const isDot = text.charCodeAt(at) === DOT
  return isBorder(text, at) || (isDot && !isDigit(text.charCodeAt(at + 1)))
}
