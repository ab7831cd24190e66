/** The verbs of the inbox: what they match, and how fast they go through it. */
import { OptionError, PosthornError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { RowIds } from '../../ports/inbox/operations.ts'
import type { Page } from '../../ports/inbox/records.ts'
import type { StoredDeadLetter, StoredQuarantine } from '../../ports/inbox/rows.ts'
import type { VerbOptions, VerbReport } from '../../public/inbox.ts'
import { isOfQuarantine, readsRows } from './filter-text.ts'
import type { Selection } from './filters.ts'
import { eventOrDelivery } from './ids.ts'

const PAGE = 100
/** Whoever looks often wants the first few, or a page and to know whether there is more. */
const FIRST = 10
/** Rows of work taken back in one commit. */
const ROWS = 1_000

/** As `pages`, for whoever may end soon. */
export const pagesFromFew = <R>(
  read: (page: Page) => Promise<readonly R[]>,
  id: (row: R) => number,
  page: Omit<Page, 'before' | 'limit'>,
  first: number | null = null,
): AsyncGenerator<readonly R[]> => pages(read, id, page, first, FIRST)

/** The rows of a listing, page by page, newest first; with `first` those behind it. */
export async function* pages<R>(
  read: (page: Page) => Promise<readonly R[]>,
  id: (row: R) => number,
  page: Omit<Page, 'before' | 'limit'>,
  first: number | null = null,
  size = PAGE,
): AsyncGenerator<readonly R[]> {
  for (let [before, limit] = [first, size]; ; limit = PAGE) {
    const rows: readonly R[] = await read({ ...page, before, limit })
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < limit) return
    before = id(last)
  }
}

/** The columns of a filter; one page setting for each id where ids are given. */
export function pagesOf(filter: Selection): Omit<Page, 'before' | 'limit'>[] {
  const { source, handler, since, until, ids, run } = filter
  const page = { source, handler, run, since: since?.getTime(), until: until?.getTime() }
  return ids === undefined ? [page] : ids.map((id) => ({ ...page, ...eventOrDelivery('ids', id) }))
}

export interface VerbParts {
  readonly inbox: InboxPort
  readonly clock: Clock
  /** Whether the event of a dead letter is one of those that are asked for. */
  isMeant(row: StoredDeadLetter, selection: Selection): boolean
  isMeantItem(row: StoredQuarantine, selection: Selection): boolean
}

type Verb = (ids: RowIds) => Promise<number>

/** Applies `verb` to what matches, in portions; resolves when the last one is durable. */
export async function run(parts: VerbParts, filter: Selection, options: VerbOptions, verb: Verb): Promise<VerbReport> {
  const missing = new Set<number>()
  const report = await act(parts, await bounded(portions(parts, filter, missing), sizeOf, options), options, verb)
  return { ...report, ...missingIn(missing) }
}

/** For a report: the shards that a walk has gone without. */
export function missingIn(missing: ReadonlySet<number>): { readonly missingShards?: readonly number[] } {
  return missing.size === 0 ? {} : { missingShards: [...missing].sort((a, b) => a - b) }
}

const sizeOf = ({ dead, quarantined }: RowIds): number => dead.length + quarantined.length

/** `before`: so many were found, and done, otherwise. */
async function act(
  { clock }: VerbParts,
  found: AsyncIterable<RowIds> | readonly RowIds[],
  { dryRun = false, ratePerSecond = Number.POSITIVE_INFINITY, signal, onProgress }: VerbOptions,
  verb: Verb,
  before = 0,
): Promise<VerbReport> {
  let [matched, queued] = [before, dryRun ? 0 : before]
  for await (const ids of found) {
    if (signal?.aborted) break
    matched += sizeOf(ids)
    if (!dryRun) queued += await verb(ids)
    onProgress?.({ matched, queued })
    if (!dryRun && Number.isFinite(ratePerSecond)) await pause(clock, (sizeOf(ids) / ratePerSecond) * 1_000, signal)
  }
  return { matched, queued }
}

/**
 * With `atMost` all of it is found before anything is done, so that nothing is acted on that was not counted. `before`: so
 * many were counted otherwise.
 * @throws PosthornError ERR_MORE_MATCHED
 */
export async function bounded<T>(
  found: AsyncIterable<T>,
  count: (one: T) => number,
  { atMost, dryRun, signal }: Pick<VerbOptions, 'atMost' | 'dryRun' | 'signal'>,
  before = 0,
): Promise<AsyncIterable<T> | readonly T[]> {
  if (atMost === undefined || dryRun) return found
  let matched = before
  assertAtMost(matched, atMost)
  const all: T[] = []
  for await (const one of found) {
    if (signal?.aborted) return []
    matched += count(one)
    assertAtMost(matched, atMost)
    all.push(one)
  }
  return all
}

/** @throws PosthornError ERR_MORE_MATCHED */
export function assertAtMost(matched: number, atMost: number): void {
  if (matched > atMost)
    throw new PosthornError(
      'ERR_MORE_MATCHED',
      `More than ${atMost} match, at most so many were meant; nothing was changed.`,
    )
}

/** Gives up what stands of a replay: its work that waits, and its dead letters. */
export async function dropReplay(parts: VerbParts, filter: Selection, options: VerbOptions): Promise<VerbReport> {
  const { run: id = '', where, ...others } = filter
  if (Object.keys(others).length > 0 || readsRows(where))
    throw new OptionError('inbox.drop: run gives up a whole replay, so it goes with no other field')
  return dropWhole(parts, { run: id }, options, {
    async count() {
      const { replays, missingShards: [missing] = [] } = await parts.inbox.records.stats()
      if (missing === undefined || options.atMost === undefined) return replays[id] ?? 0
      const why = `Shard ${missing} has not answered: how much is left of the replay is not known.`
      throw new PosthornError('ERR_INBOX_IO', `${why} Nothing was changed.`)
    },
    end: () => cancel(parts, id),
  })
}

/** Gives up what waits for a handler that is not there any more, and its dead letters. */
export async function dropHandler(parts: VerbParts, filter: Selection, options: VerbOptions): Promise<VerbReport> {
  const { handler = '' } = filter
  return dropWhole(parts, filter, options, {
    count: () => parts.inbox.carryOut({ kind: 'endWork', handler, limit: 0, dryRun: true }),
    end: () => endWork(parts, handler),
  })
}

/** What waits ends before its dead letters go: no more die of it. */
async function dropWhole(
  parts: VerbParts,
  filter: Selection,
  options: VerbOptions,
  waiting: { count(): Promise<number>; end(): Promise<number> },
): Promise<VerbReport> {
  const { dryRun = false, atMost } = options
  const counted = dryRun || atMost !== undefined ? await waiting.count() : 0
  const missing = new Set<number>()
  const letters = await bounded(portions(parts, filter, missing), sizeOf, options, counted)
  if (options.signal?.aborted) return { matched: 0, queued: 0 }
  const ended = dryRun ? counted : await waiting.end()
  const report = await act(parts, letters, options, (ids) => parts.inbox.carryOut({ kind: 'drop', ids }), ended)
  return { ...report, ...missingIn(missing) }
}

async function endWork({ inbox }: VerbParts, handler: string): Promise<number> {
  let [sum, ended] = [0, 0]
  do {
    ended = await inbox.carryOut({ kind: 'endWork', handler, limit: ROWS, dryRun: false })
    sum += ended
  } while (ended > 0)
  return sum
}

async function cancel({ inbox }: VerbParts, run: string): Promise<number> {
  let [sum, taken] = [0, 0]
  do {
    taken = await inbox.carryOut({ kind: 'cancel', run, limit: ROWS })
    sum += taken
  } while (taken > 0)
  return sum
}

async function* portions(
  { inbox, isMeant, isMeantItem }: VerbParts,
  filter: Selection,
  missing: Set<number>,
): AsyncGenerator<RowIds> {
  const wants = (outcome: Selection['outcome']) => filter.outcome === undefined || filter.outcome === outcome
  const ofQuarantine = isOfQuarantine(filter)
  // Quarantine has neither a handler nor a name, and belongs to no replay.
  const quarantine =
    ofQuarantine &&
    wants('quarantined') &&
    filter.handler === undefined &&
    filter.name === undefined &&
    filter.run === undefined
  for (const one of pagesOf(filter)) {
    const page = { ...one, missing }
    if (wants('dead'))
      for await (const rows of pages<StoredDeadLetter>(
        (p) => inbox.records.list('deadLetters', p),
        (row) => row.id,
        page,
      ))
        yield { dead: rows.filter((row) => isMeant(row, filter)).map(({ id }) => id), quarantined: [] }
    if (quarantine)
      for await (const rows of pages<StoredQuarantine>(
        (p) => inbox.records.list('quarantine', p),
        (row) => row.id,
        page,
      ))
        yield { dead: [], quarantined: rows.filter((row) => isMeantItem(row, filter)).map(({ id }) => id) }
  }
}

/** Resolves after `ms`, or as soon as the signal says so. */
export function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const cancel = clock.after(ms, resolve)
    signal?.addEventListener(
      'abort',
      () => {
        cancel()
        resolve()
      },
      { once: true },
    )
  })
}
