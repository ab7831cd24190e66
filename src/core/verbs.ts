/** The verbs of the inbox: what they match, and how fast they go through it. */
import { OptionError } from '../errors.ts'
import type { Clock, InboxPort, Page, RowIds, StoredDeadLetter, StoredQuarantine } from './ports.ts'
import type { Filter, Run, VerbReport } from './public.ts'

const PAGE = 100

/** The rows of a listing, page by page, newest first. */
export async function* pages<R>(
  read: (page: Page) => Promise<readonly R[]>,
  id: (row: R) => number,
  page: Omit<Page, 'before' | 'limit'>,
): AsyncGenerator<readonly R[]> {
  for (let before: number | null = null; ; ) {
    const rows: readonly R[] = await read({ ...page, before, limit: PAGE })
    if (rows.length > 0) yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    before = id(last)
  }
}

/** The columns of a filter; one page setting for each id where ids are given. */
export function pagesOf(filter: Filter): Omit<Page, 'before' | 'limit'>[] {
  const { source, handler, since, until, ids } = filter
  const page = { source, handler, since: since?.getTime(), until: until?.getTime() }
  return ids === undefined ? [page] : ids.map((id) => ({ ...page, ...idOf(id) }))
}

/** `d_….3` is an event, `d_…` a delivery. */
function idOf(id: string): { deliveryId: string; index?: number } {
  const found = /^(d_[a-z2-7]+)(?:\.(\d{1,7}))?$/.exec(id)
  if (found === null)
    throw new OptionError(`expected the id of an event or a delivery, got ${JSON.stringify(id.slice(0, 60))}`)
  const [, deliveryId = '', index] = found
  return index === undefined ? { deliveryId } : { deliveryId, index: Number(index) }
}

export interface VerbParts {
  readonly inbox: InboxPort
  readonly clock: Clock
  /** The native name of a dead letter's event. */
  nameOf(row: StoredDeadLetter): string
}

/** Applies `verb` to what matches, in portions; resolves when the last one is durable. */
export async function run(
  parts: VerbParts,
  filter: Filter,
  options: Run,
  verb: (ids: RowIds) => Promise<number>,
): Promise<VerbReport> {
  const { dryRun = false, ratePerSecond = Number.POSITIVE_INFINITY, signal } = options
  assertRate(ratePerSecond)
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

async function* portions({ inbox, nameOf }: VerbParts, filter: Filter): AsyncGenerator<RowIds> {
  const wants = (outcome: Filter['outcome']) => filter.outcome === undefined || filter.outcome === outcome
  const named = (row: StoredDeadLetter) => filter.name === undefined || nameOf(row) === filter.name
  // Quarantine has neither a handler nor a name.
  const quarantine = wants('quarantined') && filter.handler === undefined && filter.name === undefined
  for (const page of pagesOf(filter)) {
    if (wants('dead'))
      for await (const rows of pages<StoredDeadLetter>(
        (p) => inbox.deadLetters(p),
        (row) => row.id,
        page,
      ))
        yield { dead: rows.filter(named).map(({ id }) => id), quarantined: [] }
    if (quarantine)
      for await (const rows of pages<StoredQuarantine>(
        (p) => inbox.quarantine(p),
        (row) => row.id,
        page,
      ))
        yield { dead: [], quarantined: rows.map(({ id }) => id) }
  }
}

/** @throws ERR_OPTION */
export function assertRate(ratePerSecond: number | undefined): void {
  if (ratePerSecond === undefined || ratePerSecond > 0) return
  throw new OptionError(`ratePerSecond must be more than 0, got ${ratePerSecond}`)
}

export function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
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
