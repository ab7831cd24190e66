/** The verbs of the inbox: what they match, and how fast they go through it. */
import { OptionError } from '../../errors.ts'
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
/** Rows of work taken back in one commit. */
const ROWS = 1_000

/** The rows of a listing, page by page, newest first; with `first` those behind it. */
export async function* pages<R>(
  read: (page: Page) => Promise<readonly R[]>,
  id: (row: R) => number,
  page: Omit<Page, 'before' | 'limit'>,
  first: number | null = null,
): AsyncGenerator<readonly R[]> {
  for (let before = first; ; ) {
    const rows: readonly R[] = await read({ ...page, before, limit: PAGE })
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
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

/** Applies `verb` to what matches, in portions; resolves when the last one is durable. */
export async function run(
  parts: VerbParts,
  filter: Selection,
  options: VerbOptions,
  verb: (ids: RowIds) => Promise<number>,
): Promise<VerbReport> {
  const { dryRun = false, ratePerSecond = Number.POSITIVE_INFINITY, signal } = options
  let [matched, queued] = [0, 0]
  for await (const ids of portions(parts, filter)) {
    if (signal?.aborted) break
    const size = ids.dead.length + ids.quarantined.length
    matched += size
    if (dryRun) continue
    queued += await verb(ids)
    if (Number.isFinite(ratePerSecond)) await pause(parts.clock, (size / ratePerSecond) * 1_000, signal)
  }
  return { matched, queued }
}

/** Gives up what stands of a replay: its work that waits, and its dead letters. */
export async function dropReplay(parts: VerbParts, filter: Selection, options: VerbOptions): Promise<VerbReport> {
  const { run: id = '', where, ...others } = filter
  if (Object.keys(others).length > 0 || readsRows(where))
    throw new OptionError('inbox.drop: run gives up a whole replay, so it goes with no other field')
  const { dryRun = false } = options
  const waiting = dryRun ? ((await parts.inbox.records.stats()).replays[id] ?? 0) : await cancel(parts, id)
  const { matched, queued } = await run(parts, { run: id }, options, (ids) =>
    parts.inbox.carryOut({ kind: 'drop', ids }),
  )
  return { matched: waiting + matched, queued: dryRun ? 0 : waiting + queued }
}

/** Gives up what waits for a handler that is not there any more, and its dead letters. */
export async function dropHandler(parts: VerbParts, filter: Selection, options: VerbOptions): Promise<VerbReport> {
  const { handler = '' } = filter
  const { dryRun = false } = options
  const waiting = dryRun
    ? await parts.inbox.carryOut({ kind: 'endWork', handler, limit: 0, dryRun: true })
    : await endWork(parts, handler)
  const { matched, queued } = await run(parts, filter, options, (ids) => parts.inbox.carryOut({ kind: 'drop', ids }))
  return { matched: waiting + matched, queued: dryRun ? 0 : waiting + queued }
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

async function* portions({ inbox, isMeant, isMeantItem }: VerbParts, filter: Selection): AsyncGenerator<RowIds> {
  const wants = (outcome: Selection['outcome']) => filter.outcome === undefined || filter.outcome === outcome
  const ofQuarantine = isOfQuarantine(filter)
  // Quarantine has neither a handler nor a name, and belongs to no replay.
  const quarantine =
    ofQuarantine &&
    wants('quarantined') &&
    filter.handler === undefined &&
    filter.name === undefined &&
    filter.run === undefined
  for (const page of pagesOf(filter)) {
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
