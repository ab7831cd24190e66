/** Columns of a terminal that a text takes: a wide sign takes two, and what is drawn over another none. */
import { eastAsianWidth } from 'get-east-asian-width'

const graphemes = new Intl.Segmenter()
const PLAIN = /^[\x20-\x7e]*$/
const DRAWN_OVER = /^[\p{Default_Ignorable_Code_Point}\p{Format}\p{Mark}]+$/v
const EMOJI = /^\p{RGI_Emoji}$/v

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const { segment: sign } of graphemes.segment(text)) width += widthOfSign(sign)
  return width
}

/** The text with spaces behind it, or before it. */
export function padded(text: string, width: number, isRight = false): string {
  const spaces = ' '.repeat(Math.max(0, width - widthOf(text)))
  return isRight ? spaces + text : text + spaces
}

/** The text where it fits, and otherwise its begin with an ellipsis. */
export function cut(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${piecesOf(text, width - 1).next().value}…`
}

/** The lines of the text, all of it: broken at spaces, and where a word alone is too long within it. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (widthOf(longer) <= width) line = longer
    else {
      const pieces = [...piecesOf(word, width)]
      lines.push(...[line.trimEnd(), ...pieces.slice(0, -1)].filter(Boolean))
      line = pieces.at(-1) ?? ''
    }
  }
  return [...lines, line]
}

/** As many signs as fit, and one at least, then as many again. */
function* piecesOf(text: string, width: number): Generator<string, string> {
  let [piece, left] = ['', width]
  for (const { segment: sign } of graphemes.segment(text)) {
    const columns = widthOfSign(sign)
    if (columns > left && piece !== '') {
      yield piece
      ;[piece, left] = ['', width]
    }
    piece += sign
    left -= columns
  }
  yield piece
  return ''
}

function widthOfSign(sign: string): number {
  if (DRAWN_OVER.test(sign)) return 0
  return EMOJI.test(sign) ? 2 : eastAsianWidth(sign.codePointAt(0) ?? 0)
}
