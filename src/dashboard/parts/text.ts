/** Texts of strangers: characters that cannot be seen, or that move others, are shown by their numbers. */
import { html, type Markup } from './html.ts'

/** Control, format (bidi, zero-width), surrogates, private use, separators of lines, and fillers that look like nothing. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
/** In texts of several lines these are what they look like. */
const OF_LINES = new Set(['\n', '\t'])

export const chip = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`

/** For attributes and titles, which can hold no markup. */
export function plain(value: string): string {
  return value.replaceAll(HIDDEN, chip)
}

/** For pages: each hidden character as a mark of its own. */
export function text(value: string | null | undefined, options: { readonly lines?: boolean } = {}): Markup {
  if (value === null || value === undefined) return null
  const parts: Markup[] = []
  let from = 0
  for (const { 0: char, index } of value.matchAll(HIDDEN)) {
    if (options.lines && OF_LINES.has(char)) continue
    if (index > from) parts.push(value.slice(from, index))
    parts.push(html`<span class="chip">${chip(char)}</span>`)
    from = index + char.length
  }
  if (from === 0) return value
  return from < value.length ? [...parts, value.slice(from)] : parts
}
