/** A filter once it is read: clauses that must all hold. Instants are epoch milliseconds. */
import type { NumberKey, WordKey } from './keys.ts'

/** Where something stands in the text: characters from `start`, not including `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One of the values. With `not`: none of them. */
export interface WordClause extends Span {
  readonly kind: 'words'
  readonly key: WordKey
  readonly not: boolean
  readonly values: readonly string[]
}

export const COMPARISONS = ['>=', '<=', '>', '<'] as const

export interface Bound {
  readonly is: (typeof COMPARISONS)[number] | '='
  /** In the smallest unit of its key. */
  readonly value: number
}

/** One of the bounds. With `not`: none of them. */
export interface NumberClause extends Span {
  readonly kind: 'numbers'
  readonly key: NumberKey
  readonly not: boolean
  readonly values: readonly Bound[]
}

/** `since` is included, `until` is not. */
export interface TimeClause extends Span {
  readonly kind: 'time'
  readonly key: 'since' | 'until'
  readonly at: number
}

/** One of these events or deliveries. */
export interface IdClause extends Span {
  readonly kind: 'ids'
  readonly key: 'ids'
  readonly ids: readonly string[]
}

export type Clause = WordClause | NumberClause | TimeClause | IdClause
