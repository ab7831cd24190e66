/** One table of fields for each verb of `receiver.inbox`: what it takes, and how each value is checked. */
import { OptionError } from '../../errors.ts'
import { assertFunction, kindOf, knownKeys, oneOf, shown } from '../../lib/options.ts'
import type {
  DeadLetterFilter,
  DeliveryFilter,
  DifferenceFilter,
  DropFilter,
  EraseOptions,
  EventFilter,
  PersonFilter,
  QuarantineFilter,
  ReparseFilter,
  ReplayFilter,
  ReplayOptions,
  RetryFilter,
  VerbOptions,
} from '../../public/inbox.ts'
import type { EventOptions, ListOptions, LookFilter, LookOptions, TallyFilter } from '../../public/look.ts'
import { isPlaceIn } from './after.ts'
import { type Check, type FilterVerb, type ReadFilter, readsRows, withText } from './filter-text.ts'
import { eventOrDelivery } from './ids.ts'
import { Person } from './person.ts'

/** Every field of every member of T, and no other. */
type Table<T> = { readonly [K in T extends unknown ? keyof T : never]: Check }

const TEXT = { filter: isText }
const SPAN = { ...TEXT, since: isDate, until: isDate, source: assertWord, ids: areIds }
const DEAD = { ...SPAN, handler: assertWord, name: assertWord, run: isRun }
const FAILED = { ...DEAD, outcome: outcomeOf('dead', 'quarantined'), all: isTrue }
const PERSON = { ...TEXT, email: assertWord, since: isDate, until: isDate, source: assertWord }
const PLACE = { ...TEXT, after: isPlaceIn('events'), since: isDate, until: isDate, source: assertWord }
const VERB = { dryRun: isBoolean, atMost: isCount, ratePerSecond: isRate, signal: isSignal, onProgress: assertFunction }

export const FILTERS = {
  deliveries: { ...SPAN, after: isPlaceIn('deliveries') } satisfies Table<DeliveryFilter>,
  events: { ...SPAN, after: isPlaceIn('events'), name: assertWord, type: assertWord } satisfies Table<EventFilter>,
  deadLetters: { ...DEAD, after: isPlaceIn('deadLetters') } satisfies Table<DeadLetterFilter>,
  quarantine: { ...SPAN, after: isPlaceIn('quarantine') } satisfies Table<QuarantineFilter>,
  differences: { ...SPAN, handled: isBoolean } satisfies Table<DifferenceFilter>,
  export: PERSON satisfies Table<PersonFilter>,
  retry: FAILED satisfies Table<RetryFilter>,
  drop: FAILED satisfies Table<DropFilter>,
  replay: {
    ...{ ...SPAN, handler: assertWord, name: assertWord, outcome: isReplayed },
    ...{ to: areWords, missed: isBoolean, all: isTrue },
  } satisfies Table<ReplayFilter>,
  reparse: { ...SPAN, handled: isBoolean, all: isTrue } satisfies Table<ReparseFilter>,
  erase: PERSON satisfies Table<PersonFilter>,
  message: PLACE satisfies Table<LookFilter>,
  person: PLACE satisfies Table<LookFilter>,
} satisfies Record<FilterVerb, object>

const TALLIES = {
  ...{ since: isDate, until: isDate, source: assertWord, words: areWords },
  step: (at, value) => void oneOf(at, value, 'hour', ['minute', 'hour', 'day']),
} satisfies Table<TallyFilter>

/** @throws OptionError */
export function checkedTallies(filter: TallyFilter): TallyFilter {
  const table: Readonly<Record<string, Check>> = TALLIES
  knownKeys('inbox.tallies: the filter', filter, Object.keys(table))
  for (const [field, value] of Object.entries(filter)) checkField(`inbox.tallies: ${field}`, value, table[field])
  return { ...filter }
}

export const OPTIONS = {
  retry: VERB satisfies Table<VerbOptions>,
  drop: VERB satisfies Table<VerbOptions>,
  replay: { ...VERB, after: isPlaceIn('deliveries') } satisfies Table<ReplayOptions>,
  reparse: VERB satisfies Table<VerbOptions>,
  erase: { ...VERB, copies: isBoolean } satisfies Table<EraseOptions>,
}

/** Options of looks that read. */
const LOOK = { signal: isSignal, onProgress: assertFunction } satisfies Table<LookOptions>
export const LOOKS = {
  ...{ events: { ...LOOK, counted: isBoolean } satisfies Table<EventOptions>, message: LOOK, person: LOOK },
  differences: { signal: isSignal } satisfies Table<Pick<LookOptions, 'signal'>>,
  ...{ deliveries: LOOK, deadLetters: LOOK, quarantine: LOOK },
}

type Looking = keyof typeof LOOKS

/** @throws OptionError */
export function checkedLook<O extends LookOptions | ListOptions>(verb: Looking, options: O): O {
  const table: Readonly<Record<string, Check>> = LOOKS[verb]
  knownKeys(`inbox.${verb}: the options`, options, Object.keys(table))
  for (const [option, value] of Object.entries(options))
    if (value !== undefined) table[option]?.(`inbox.${verb}: ${option}`, value)
  return { ...options }
}

/** The fields that narrow down what a verb acts on: without any, it would act on everything. */
const NARROWING: readonly string[] = ['since', 'until', 'source', 'handler', 'name', 'outcome', 'ids', 'run']

/**
 * A copy of a filter of which every field is one that the verb has, with a value; what a text in `filter` says has become
 * fields, and `where`. `now` is what its times are told by.
 * @throws OptionError naming the field, and what it takes; FilterError with the place in the text
 */
export function checkedFilter<F extends object>(verb: FilterVerb, filter: F, now: number): F & ReadFilter {
  const table: Readonly<Record<string, Check>> = FILTERS[verb]
  knownKeys(`inbox.${verb}: the filter`, filter, Object.keys(table))
  for (const [field, value] of Object.entries(filter)) checkField(`inbox.${verb}: ${field}`, value, table[field])
  return withText(verb, table, filter, now)
}

/** What a verb that acts is about, once it is checked; without a field it is everything, since that was said. */
export interface Selection extends DeadLetterFilter, ReadFilter {
  readonly outcome?: 'dead' | 'quarantined' | 'unhandled'
  readonly to?: readonly string[]
  readonly missed?: boolean
  readonly handled?: boolean
}

/** As `checkedFilter`, for a verb that acts: the filter must say on what. @throws OptionError */
export function checkedAction(verb: 'retry' | 'drop' | 'replay' | 'reparse', filter: object, now: number): Selection {
  const { all, ...selection }: Selection & { readonly all?: true } = checkedFilter(verb, filter, now)
  const fields = Object.keys(selection).filter((field) => NARROWING.includes(field))
  const narrowing = readsRows(selection.where) ? [...fields, 'filter'] : fields
  if (all && narrowing.length > 0)
    throw new OptionError(`inbox.${verb}: all: true is everything, and does not go with ${narrowing.join(', ')}`)
  if (!all && narrowing.length === 0 && !selection.missed)
    throw new OptionError(`inbox.${verb}: the filter says nothing; everything is { all: true }`)
  assertTogether(verb, selection)
  return selection
}

/** Quarantine has neither a handler nor a name, and belongs to no replay: such a filter would match nothing. */
function assertTogether(verb: string, selection: Selection): void {
  const alien = (['handler', 'name', 'run'] as const).find((field) => field in selection)
  if (selection.outcome === 'quarantined' && alien !== undefined)
    throw new OptionError(`inbox.${verb}: quarantine has no ${alien}, so outcome: 'quarantined' does not go with it`)
}

/** As `checkedFilter`; a person must be named. @throws OptionError */
export function checkedPerson(verb: 'export' | 'erase', person: PersonFilter, now: number): PersonFilter & ReadFilter {
  const copy = checkedFilter(verb, person, now)
  new Person(copy.email)
  return copy
}

/** A copy. Unlike a field of a filter, an option that is undefined has its default. @throws OptionError */
export function checkedOptions<O extends object>(verb: keyof typeof OPTIONS, options: O): O {
  const table: Readonly<Record<string, Check>> = OPTIONS[verb]
  knownKeys(`inbox.${verb}: the options`, options, Object.keys(table))
  const copy = { ...options }
  for (const [option, value] of Object.entries(copy))
    if (value !== undefined || option === 'dryRun') table[option]?.(`inbox.${verb}: ${option}`, value)
  return copy
}

function checkField(at: string, value: unknown, check: Check | undefined): void {
  if (value === undefined)
    throw new OptionError(`${at} is undefined: leave it out, since a filter that lost its value would match too much`)
  check?.(at, value)
}

function isText(at: string, value: unknown): void {
  if (typeof value !== 'string')
    throw new OptionError(`${at} must be a text such as 'source:shop since:6h', got ${kindOf(value)}`)
}

function isDate(at: string, value: unknown): void {
  if (!(value instanceof Date)) throw new OptionError(`${at} must be a Date, got ${kindOf(value)}`)
  if (Number.isNaN(value.getTime())) throw new OptionError(`${at} must be a Date, got an invalid one`)
}

export function assertWord(at: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new OptionError(`${at} must be a name, got ${shown(value)}`)
}

function areWords(at: string, value: unknown): void {
  if (!Array.isArray(value) || value.length === 0)
    throw new OptionError(`${at} must be a list of names that is not empty, got ${kindOf(value)}`)
  for (const one of value) assertWord(at, one)
}

function areIds(at: string, value: unknown): void {
  if (!Array.isArray(value)) throw new OptionError(`${at} must be a list of ids, got ${kindOf(value)}`)
  for (const one of value) eventOrDelivery(at, one)
}

function isRun(at: string, value: unknown): void {
  if (typeof value !== 'string' || !/^r_[a-z2-7]+$/.test(value))
    throw new OptionError(`${at} must be the id of a replay, r_…, got ${shown(value)}`)
}

function outcomeOf(...words: readonly string[]): Check {
  return (at, value) => void oneOf(at, value, '', words)
}

function isReplayed(at: string, value: unknown): void {
  if (value === 'quarantined')
    throw new OptionError(`${at}: what is in quarantine was never handled; see retry() and reparse()`)
  oneOf(at, value, '', ['unhandled', 'dead'])
}

function isBoolean(at: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new OptionError(`${at} must be true or false, got ${shown(value)}`)
}

function isTrue(at: string, value: unknown): void {
  if (value !== true) throw new OptionError(`${at} can only be true, got ${shown(value)}`)
}

function isCount(at: string, value: unknown): void {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new OptionError(`${at} must be a whole number, 0 or more, got ${shown(value)}`)
}

function isRate(at: string, value: unknown): void {
  if (typeof value !== 'number' || !(value > 0)) throw new OptionError(`${at} must be more than 0, got ${shown(value)}`)
}

/** By its shape: it may be that of another realm, or a polyfill. */
function isSignal(at: string, value: unknown): void {
  const signal = value as Partial<AbortSignal> | null
  if (typeof signal?.aborted !== 'boolean' || typeof signal.addEventListener !== 'function')
    throw new OptionError(`${at} must be an AbortSignal, got ${kindOf(value)}`)
}
