/** What happens in a random life of a handler with `orderBy`, step by step. */
import fc from 'fast-check'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export type Fate = 'done' | 'slow' | 'fails' | 'later' | 'dies'

export type Verb = 'retry' | 'replay' | 'erase'

export interface Step {
  /** `rename`: the next process calls the handler otherwise; `slow`: the inbox answers later from now on, and may give little. */
  readonly do: 'post' | 'wait' | 'restart' | 'crash' | 'pause' | 'resume' | 'fail' | 'rename' | 'leap' | 'slow' | Verb
  /** Of the events of a post: their keys, '' for none, how often each fares how, and whether the next erasure takes it. */
  readonly events: readonly { readonly key: string; readonly fates: readonly Fate[]; readonly isGone?: boolean }[]
  readonly ms: number
  /** Of a `leap`. */
  readonly leapMs?: number
  /** Which calls of the inbox fail from now on, of every eight. */
  readonly fails: readonly boolean[]
}

const fate = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>('done') },
  { weight: 2, arbitrary: fc.constant<Fate>('slow') },
  { weight: 2, arbitrary: fc.constant<Fate>('fails') },
  { weight: 1, arbitrary: fc.constantFrom<Fate>('later', 'dies') },
)
const event = fc.record({
  key: fc.constantFrom('a', 'a', 'b', 'c', ''),
  fates: fc.array(fate, { maxLength: 4 }),
  isGone: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
})
export const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 8, arbitrary: fc.constant('post' as const) },
    { weight: 5, arbitrary: fc.constant('wait' as const) },
    { weight: 2, arbitrary: fc.constantFrom('pause' as const, 'resume' as const) },
    { weight: 1, arbitrary: fc.constantFrom('restart' as const, 'crash' as const) },
    { weight: 1, arbitrary: fc.constantFrom('fail' as const, 'rename' as const, 'leap' as const, 'slow' as const) },
    { weight: 2, arbitrary: fc.constantFrom('retry' as const, 'retry' as const, 'replay' as const, 'erase' as const) },
  ),
  events: fc.oneof(
    { weight: 15, arbitrary: fc.array(event, { minLength: 1, maxLength: 60 }) },
    // More than a pass hands in at once.
    { weight: 1, arbitrary: fc.array(event, { minLength: 270, maxLength: 350, size: 'max' }) },
  ),
  ms: fc.constantFrom(0, 1, 300, 1_500, 5_000, 60_000),
  leapMs: fc.constantFrom(-DAY_MS, -HOUR_MS, -1_000, DAY_MS, 400 * DAY_MS),
  fails: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
})

const post = (...events: readonly (readonly [key: string, ...fates: Fate[]])[]): Step => ({
  do: 'post',
  events: events.map(([key, ...fates]) => ({ key, fates })),
  ms: 0,
  fails: [],
})
const then = (what: Step['do'], ms = 0): Step => ({ do: what, events: [], ms, fails: [] })

/** What has gone wrong once: most of it what a process left parked when it died, before deliveries that it had not settled. */
export const KNOWN: readonly Step[][] = [
  // What comes back late lies before one that waits for its retry.
  [post(['a', 'dies'], ['a', 'later'], ['a']), then('wait', 1), then('retry'), then('wait', 1)],
  [post(['a', 'fails'], ['', 'slow'], ['a']), post(['a']), then('crash'), post(['a'])],
  [post(['c', 'slow'], ['a']), post(['a', 'fails'], ['c']), post(['a']), then('pause'), then('crash'), post(['a'])],
  // Of a delivery that a process died over one row is not in order: it comes first, and without the unread one.
  [post(['a', 'slow', 'slow'], ['', 'fails']), then('restart'), post(['a']), then('crash')],
  // The life of many processes: each calls the handler otherwise, dies in the middle of it, and has another time of day.
  [
    post(['a', 'fails'], ['b', 'slow'], ['a'], ['c']),
    then('pause'),
    then('rename'),
    { ...then('fail'), fails: [true, false, false, true, false, false, true, false] },
    then('crash'),
    { ...then('leap'), leapMs: 400 * DAY_MS },
    post(['c', 'fails'], ['a', 'slow'], ['b']),
    then('resume'),
    then('slow', 1),
    then('wait', 1_500),
    then('pause'),
    post(['a'], ['b', 'fails'], ['c']),
    then('rename'),
    then('crash'),
    { ...then('leap'), leapMs: -1_000 },
    then('resume'),
    post(['b'], ['a'], ['c']),
  ],
  // The first of a key was being called, the second was in a delivery that had not been settled, the third was parked.
  [
    post(['a', 'fails', 'slow'], [''], [''], ['']),
    post(['', 'slow'], ['a']),
    post(['a']),
    then('wait', 1_050),
    then('crash'),
  ],
]
