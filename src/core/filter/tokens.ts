/** Takes the text of a filter apart: into clauses, and each of them into its key and its values. */
import { FilterError } from '../../errors.ts'
import type { Span } from './clause.ts'

export interface Value extends Span {
  readonly text: string
}

/** `key` is null for a word that stands alone. */
export interface Token extends Span {
  readonly not: boolean
  readonly key: Value | null
  readonly values: readonly Value[]
}

const BLANK = /\s/
/** What ends a word that is not in quotes. */
const ENDS = /[\s,"]/

/** @throws FilterError for a value that is missing, and for a quote that does not end */
export function tokens(text: string, at: string): Token[] {
  const found: Token[] = []
  let place = blanks(text, 0)
  while (place < text.length) {
    const token = readToken(text, place, at)
    found.push(token)
    place = blanks(text, token.end)
  }
  return found
}

function blanks(text: string, from: number): number {
  let place = from
  while (place < text.length && BLANK.test(text.charAt(place))) place++
  return place
}

function readToken(text: string, start: number, at: string): Token {
  const not = text.charAt(start) === '-'
  const key = readKey(text, not ? start + 1 : start)
  const values: Value[] = []
  let place = key === null ? start + Number(not) : key.end + 1
  for (;;) {
    const value = readValue(text, place, at)
    values.push(value)
    if (text.charAt(value.end) !== ',') return { start, end: endOf(text, value.end, at), not, key, values }
    place = value.end + 1
  }
}

/** Letters up to a colon. */
function readKey(text: string, start: number): Value | null {
  const [word] = /^[A-Za-z_]*(?=:)/.exec(text.slice(start)) ?? []
  return word === undefined ? null : { text: word, start, end: start + word.length }
}

function readValue(text: string, start: number, at: string): Value {
  if (text.charAt(start) === '"') return readQuoted(text, start, at)
  let end = start
  while (end < text.length && !ENDS.test(text.charAt(end))) end++
  if (end === start) throw new FilterError(`${at}: a value is missing`, { start, end })
  return { text: text.slice(start, end), start, end }
}

function readQuoted(text: string, start: number, at: string): Value {
  const [quoted] = /^"(?:[^"\\]|\\.)*"/s.exec(text.slice(start)) ?? []
  if (quoted === undefined) throw new FilterError(`${at}: the quote does not end`, { start, end: text.length })
  const value = quoted.slice(1, -1).replaceAll(/\\(.)/gs, '$1')
  const end = start + quoted.length
  if (value === '') throw new FilterError(`${at}: a value is missing between the quotes`, { start, end })
  return { text: value, start, end }
}

/** Clauses are told apart by blanks. */
function endOf(text: string, end: number, at: string): number {
  if (end === text.length || BLANK.test(text.charAt(end))) return end
  throw new FilterError(`${at}: expected a blank or a comma`, { start: end, end: end + 1 })
}
