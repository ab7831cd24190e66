/** What a filter as a text means to a verb: fields of its filter, and clauses that are looked at row by row. */
import { FilterError, OptionError } from '../../errors.ts'
import type { Clause, WordClause } from '../filter/clause.ts'
import type { WordKey } from '../filter/keys.ts'
import { EVENT_KEYS } from '../filter/matches.ts'
import { parseFilter } from '../filter/parse.ts'

/** Verbs of `receiver.inbox` that take a filter. */
export type FilterVerb =
  | ('deliveries' | 'events' | 'deadLetters' | 'quarantine' | 'differences' | 'export')
  | ('retry' | 'drop' | 'replay' | 'reparse' | 'erase' | 'message' | 'person')

/** Refuses a value that the field does not take. */
export type Check = (at: string, value: unknown) => void

/** What was read of a text; absent: there was none. */
export interface ReadFilter {
  readonly where?: Where
}

export interface Where {
  /** All of them. */
  readonly clauses: readonly Clause[]
  /** Those that are no field of the verb's filter. */
  readonly rows: readonly Clause[]
}

const OF_LETTERS = [...EVENT_KEYS, 'handler', 'run', 'attempts']
/** Keys that are told by the rows of a verb, one by one. */
export const ROWS: { readonly [V in FilterVerb]?: readonly string[] } = {
  deliveries: ['source', 'provider', 'credential', 'test', 'kept', 'left', 'dup', 'size'],
  events: EVENT_KEYS,
  message: EVENT_KEYS,
  person: EVENT_KEYS,
  quarantine: ['source', 'provider'],
  deadLetters: OF_LETTERS,
  retry: OF_LETTERS,
  drop: OF_LETTERS,
}

/** Keys that are fields of filters. */
export const COLUMNS = ['source', 'handler', 'name', 'type', 'outcome', 'run'] as const satisfies readonly WordKey[]

/** Whether rows have to be looked at. */
export const readsRows = (where: Where | undefined): boolean => where !== undefined && where.rows.length > 0

/** What quarantine can be told by, too. */
export const isOfQuarantine = ({ where }: ReadFilter): boolean =>
  where === undefined || where.rows.every(({ key }) => ROWS.quarantine?.includes(key))

/**
 * The filter with what its text says.
 * @throws FilterError where the text cannot be read, or asks for what the verb does not have
 */
export function withText<F extends object>(
  verb: FilterVerb,
  table: Readonly<Record<string, Check>>,
  filter: F & { readonly filter?: string },
  now: number,
): F & ReadFilter {
  const { filter: text, ...fields } = filter
  if (text === undefined) return { ...filter }
  const at = `inbox.${verb}: filter`
  const clauses = parseFilter(text, { now, at })
  const rows: Clause[] = []
  const read: Record<string, unknown> = {}
  for (const clause of clauses) {
    const value = fieldOf(verb, table, clause, at)
    if (value === undefined) rows.push(clause)
    else if (Object.hasOwn(fields, clause.key))
      throw new OptionError(`inbox.${verb}: ${clause.key} is given twice, in the text of filter and beside it`)
    else read[clause.key] = value
  }
  // The fields of F without its text, which they were read from.
  return { ...fields, ...read, where: { clauses, rows } } as unknown as F & ReadFilter
}

/** Of the field that the clause is; undefined: it is none, but rows can be told by it. */
function fieldOf(verb: FilterVerb, table: Readonly<Record<string, Check>>, clause: Clause, at: string): unknown {
  // `to` of a replay is handlers, and of a filter a recipient.
  const check = clause.kind !== 'words' || isColumn(clause.key) ? table[clause.key] : undefined
  if (clause.kind === 'time' && check !== undefined) return new Date(clause.at)
  if (clause.kind === 'ids' && check !== undefined) return clause.ids
  const value = clause.kind === 'words' && check !== undefined ? single(clause) : undefined
  if (value !== undefined) checked(`${at}: ${clause.key}`, value, check, clause)
  if (value !== undefined || ROWS[verb]?.includes(clause.key)) return value
  if (check !== undefined)
    throw new FilterError(`${at}: inbox.${verb} takes one ${clause.key}, without - and without a list`, clause)
  throw notTaken(verb, table, clause, at)
}

const isColumn = (key: string) => (COLUMNS as readonly string[]).includes(key)
const single = ({ not, values }: WordClause) => (not || values.length > 1 ? undefined : values[0])

function checked(at: string, value: unknown, check: Check | undefined, clause: Clause): void {
  try {
    check?.(at, value)
  } catch (thrown) {
    throw thrown instanceof OptionError ? new FilterError(thrown.message, clause) : thrown
  }
}

function notTaken(verb: FilterVerb, table: Readonly<Record<string, Check>>, { key, start, end }: Clause, at: string) {
  const columns = COLUMNS.filter((field) => field in table)
  const takes = [...new Set([...columns, ...(ROWS[verb] ?? []), 'since', 'until', 'at'])].join(', ')
  const ids = 'ids' in table ? ', and ids' : ''
  const what = key === 'ids' ? 'ids' : `"${key}"`
  return new FilterError(`${at}: inbox.${verb} does not filter by ${what}; it takes ${takes}${ids}`, { start, end })
}
