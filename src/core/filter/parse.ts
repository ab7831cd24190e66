/**
 * The filter language: `source:shop type:bounced -bounce:soft since:6h`. Clauses that must all hold, in any order:
 * `key:value`, `key:one,other` for either, `-key:value` for the opposite, and ids of events and deliveries as they are.
 */
import { FilterError } from '../../errors.ts'
import { nearest } from '../../lib/nearest.ts'
import { type Bound, type Clause, COMPARISONS, type Span } from './clause.ts'
import {
  isNumberKey,
  isTimeKey,
  isWordKey,
  KEYS,
  NUMBER_KEYS,
  type NumberKey,
  type TimeKey,
  WORD_KEYS,
} from './keys.ts'
import { type TimeSettings, timeOf } from './times.ts'
import { type Token, tokens, type Value } from './tokens.ts'

export interface FilterSettings extends TimeSettings {
  /** What messages begin with: whose filter it is. */
  readonly at: string
}

const ID = /^d_[a-z2-7]+(?:\.\d{1,7})?$/
/** Longer ones are no question of a person. */
const LONGEST = 10_000

/** @throws FilterError with the place in the text, and the word that was most likely meant */
export function parseFilter(text: string, settings: FilterSettings): Clause[] {
  if (text.length > LONGEST)
    throw new FilterError(`${settings.at}: longer than ${LONGEST} characters`, { start: LONGEST, end: text.length })
  const clauses = tokens(text, settings.at).flatMap((token) => clausesOf(token, settings))
  assertOnce(clauses, settings.at)
  return clauses
}

function clausesOf(token: Token, settings: FilterSettings): Clause[] {
  const { key, not, start, end } = token
  if (key === null) return [idsOf(token, settings.at)]
  const name = key.text
  if (isTimeKey(name)) return timesOf(token, name, settings)
  if (isNumberKey(name)) {
    const values = token.values.map((value) => boundOf(name, value, settings.at))
    return [{ kind: 'numbers', key: name, not, values, start, end }]
  }
  if (!isWordKey(name)) throw unknown(`there is no key ${quoted(name)}`, key, name, KEYS, settings.at)
  const words = WORD_KEYS[name]
  for (const value of token.values) if (words !== null) assertOneOf(name, value, words, settings.at)
  return [{ kind: 'words', key: name, not, values: token.values.map((value) => value.text), start, end }]
}

function assertOneOf(key: string, value: Value, words: readonly string[], at: string): void {
  if (words.includes(value.text)) return
  throw unknown(`${key} is one of ${words.join(', ')}, not ${quoted(value.text)}`, value, value.text, words, at)
}

/** A value that names something which the caller knows, or does not. */
export function unknown(what: string, { start, end }: Span, word: string, words: Iterable<string>, at: string) {
  const near = nearest(word, words)
  return new FilterError(`${at}: ${what}`, { start, end, nearest: near })
}

/** Messages end up in logs: addresses, and whatever is as long, do not. */
export function quoted(text: string): string {
  return text.includes('@') || text.length > 40 ? 'this' : JSON.stringify(text)
}

function idsOf({ not, values, start, end }: Token, at: string): Clause {
  if (not) throw new FilterError(`${at}: ids cannot be left out, only looked for`, { start, end })
  for (const value of values) if (!ID.test(value.text)) throw noClause(value, at)
  return { kind: 'ids', key: 'ids', ids: values.map((value) => value.text), start, end }
}

function noClause(value: Value, at: string): FilterError {
  const { text, start, end } = value
  const key = Object.entries(WORD_KEYS).find(([, words]) => (words as readonly string[] | null)?.includes(text))?.[0]
  const meant = key === undefined ? nearest(text, KEYS) : null
  const near = key === undefined ? meant && `${meant}:…` : `${key}:${text}`
  return new FilterError(`${at}: expected key:value or an id, not ${quoted(text)}`, { start, end, nearest: near })
}

function boundOf(key: NumberKey, value: Value, at: string): Bound {
  const is = COMPARISONS.find((sign) => value.text.startsWith(sign)) ?? '='
  const [, number, unit = ''] =
    /^(\d{1,15}(?:\.\d{1,3})?)([A-Za-z]*)$/.exec(value.text.slice(is === '=' ? 0 : is.length)) ?? []
  const units: Readonly<Record<string, number>> = NUMBER_KEYS[key]
  const found = number === undefined ? Number.NaN : Math.round(Number(number) * (units[unit] ?? Number.NaN))
  if (Number.isSafeInteger(found)) return { is, value: found }
  const names = Object.keys(units).filter((name) => name !== '')
  const example = `${key}:>5${names[0] ?? ''}`
  const with_ = names.length === 0 ? '' : ` with ${names.join(', ')}`
  throw new FilterError(`${at}: ${key} takes a number${with_}, as in ${example}, not ${quoted(value.text)}`, value)
}

function timesOf({ not, values, start, end }: Token, key: TimeKey, settings: FilterSettings): Clause[] {
  const { at } = settings
  const [value, another] = values
  if (not) throw new FilterError(`${at}: ${key} has no opposite; see since and until`, { start, end })
  if (value === undefined || another !== undefined)
    throw new FilterError(`${at}: ${key} takes one time`, another ?? { start, end })
  const place = { kind: 'time', start, end } as const
  if (key !== 'at') return [{ ...place, key, at: instant(value, value.text, settings).from }]
  const stretch = stretchOf(value, settings)
  return [
    { ...place, key: 'since', at: stretch.from },
    { ...place, key: 'until', at: stretch.to },
  ]
}

/** `02:00..03:30`, or what one time covers: `02:00` is a minute, `2026-11-28` a day. */
function stretchOf(value: Value, settings: FilterSettings): { from: number; to: number } {
  const [first = '', last, ...more] = value.text.split('..')
  if (more.length > 0) throw noTime(value, settings)
  const from = instant(value, first, settings)
  if (last === undefined) return from
  const to = instant(value, last, settings, from.from)
  if (to.from <= from.from) throw new FilterError(`${settings.at}: the range ends before it begins`, value)
  return { from: from.from, to: to.from }
}

function instant(value: Value, text: string, settings: FilterSettings, after?: number) {
  const found = timeOf(text, settings, after)
  if (found === null) throw noTime(value, settings)
  return found
}

function noTime(value: Value, { at }: FilterSettings): FilterError {
  const forms = '6h, 03:00, 2026-11-28, 2026-11-28T03:00+02:00, and for at a range, 02:00..03:30'
  return new FilterError(`${at}: ${quoted(value.text)} is no time; times are ${forms}`, value)
}

/** Twice the same key with single values would hold for nothing, or say one thing in two ways. */
function assertOnce(clauses: readonly Clause[], at: string): void {
  const seen = new Set<string>()
  for (const clause of clauses) {
    const { key, start, end } = clause
    if (clause.kind === 'numbers' || (clause.kind === 'words' && clause.not)) continue
    if (seen.has(key))
      throw new FilterError(`${at}: ${key} is there twice; either of two is ${key}:one,other`, { start, end })
    seen.add(key)
  }
}
