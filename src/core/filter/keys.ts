/** The keys of the filter language, and what each takes. */

/** Closed lists of words; null: names that the caller knows, or free text. */
export const WORD_KEYS = {
  source: null,
  provider: null,
  name: null,
  type: null,
  category: ['delivery', 'engagement', 'list', 'inbound', 'system', 'other'],
  effect: ['suppress', 'unsubscribe', 'none'],
  bounce: ['hard', 'soft', 'block', 'admin', 'undetermined'],
  class: null,
  handler: null,
  outcome: ['done', 'unhandled', 'dead', 'quarantined', 'pending'],
  run: null,
  message: null,
  to: null,
  credential: null,
  test: ['yes', 'no'],
  kept: ['all', 'some', 'none'],
  left: ['yes', 'no'],
} as const satisfies Readonly<Record<string, readonly string[] | null>>

export type WordKey = keyof typeof WORD_KEYS

const COUNT = { '': 1 }
const DURATION = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const SIZE = { '': 1, B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** What a number may be followed by, and how much of the smallest unit (copies, ms, attempts, bytes) that is. */
export const NUMBER_KEYS = { dup: COUNT, late: DURATION, attempts: COUNT, size: SIZE } as const satisfies Readonly<
  Record<string, Readonly<Record<string, number>>>
>

export type NumberKey = keyof typeof NUMBER_KEYS

/** How far back a time may be said to lie: `6h`. */
export const AGES: Readonly<Record<string, number>> = DURATION

export const TIME_KEYS = ['since', 'until', 'at'] as const

export type TimeKey = (typeof TIME_KEYS)[number]

export const KEYS: readonly string[] = [...Object.keys(WORD_KEYS), ...Object.keys(NUMBER_KEYS), ...TIME_KEYS]

export const isWordKey = (key: string): key is WordKey => Object.hasOwn(WORD_KEYS, key)
export const isNumberKey = (key: string): key is NumberKey => Object.hasOwn(NUMBER_KEYS, key)
export const isTimeKey = (key: string): key is TimeKey => (TIME_KEYS as readonly string[]).includes(key)
