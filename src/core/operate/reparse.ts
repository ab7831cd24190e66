/** Stored bytes read again by the parser of today: what differs from what is recorded, and work made of it. */
import { OptionError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { HistoryRow } from '../../ports/inbox/records.ts'
import type { StoredQuarantine } from '../../ports/inbox/rows.ts'
import type { ReparseDifference, VerbOptions, VerbReport } from '../../public/inbox.ts'
import { type ReadParts, readAgain } from '../read/read-again.ts'
import type { Selection } from './filters.ts'
import { bounded, missingIn, pages, pagesOf, pause } from './verbs.ts'

export interface ReparseParts extends ReadParts {
  readonly clock: Clock
}

interface Compared {
  readonly difference: ReparseDifference
  /** Rows of quarantine that can be read now. */
  readonly ids: readonly number[]
}

const PAGE = 1_000

/** Changes nothing. */
export async function* differences(
  parts: ReparseParts,
  filter: Selection,
  signal: AbortSignal | undefined,
): AsyncGenerator<ReparseDifference> {
  for await (const { difference } of compare(parts, filter, signal, new Set())) if (isOne(difference)) yield difference
}

/** What can be read now goes to every handler its delivery belongs to, as its first run. */
export async function reparse(parts: ReparseParts, filter: Selection, options: VerbOptions): Promise<VerbReport> {
  const { dryRun = false, ratePerSecond: rate = Number.POSITIVE_INFINITY, signal, onProgress } = options
  let [matched, queued] = [0, 0]
  const missing = new Set<number>()
  const found = compare(parts, filter, signal, missing)
  for await (const { difference, ids } of await bounded(found, readableIn, options)) {
    if (signal?.aborted) break
    const events = difference.readable.length
    matched += events
    if (!dryRun && ids.length > 0)
      queued += (await parts.inbox.carryOut({ kind: 'revive', ids: { dead: [], quarantined: ids } })) > 0 ? events : 0
    onProgress?.({ matched, queued })
    if (!dryRun && ids.length > 0 && Number.isFinite(rate)) await pause(parts.clock, (events / rate) * 1_000, signal)
  }
  return { matched, queued, ...missingIn(missing) }
}

const readableIn = ({ difference }: Compared): number => difference.readable.length

async function* compare(
  parts: ReparseParts,
  filter: Selection,
  signal: AbortSignal | undefined,
  missing: Set<number>,
): AsyncGenerator<Compared> {
  if (filter.handled && filter.since === undefined && filter.ids === undefined)
    throw new OptionError('inbox: handled: true reads every delivery in range: give since, or ids')
  const seen = new Set<string>()
  const { handled = false, ...rest } = filter
  for (const one of pagesOf(rest)) {
    const page = { ...one, missing }
    const { index, ...place } = page
    for await (const id of handled ? inHistory(parts, place) : inQuarantine(parts, page)) {
      if (signal?.aborted) return
      const key = `${id} ${index ?? ''}`
      if (seen.has(key)) continue
      seen.add(key)
      const compared = await compareOne(parts, id, index, handled, signal)
      if (compared !== null) yield compared
    }
  }
}

type Page = ReturnType<typeof pagesOf>[number] & { readonly missing?: Set<number> }

async function* inQuarantine({ inbox }: ReparseParts, page: Page): AsyncGenerator<string> {
  for await (const rows of quarantineOf(inbox, page)) for (const { deliveryId } of rows) yield deliveryId
}

async function* inHistory({ inbox }: ReparseParts, page: Page): AsyncGenerator<string> {
  for (let after = 0; ; ) {
    const rows: readonly HistoryRow[] = await inbox.records.history({ ...page, after, limit: PAGE })
    for (const { id } of rows) yield id
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = last.seq
  }
}

const quarantineOf = (inbox: ReadParts['inbox'], page: Page) =>
  pages<StoredQuarantine>(
    (p) => inbox.records.list('quarantine', p),
    (row) => row.id,
    page,
  )

/** null: it cannot be read now either. */
async function compareOne(
  parts: ReparseParts,
  id: string,
  index: number | undefined,
  handled: boolean,
  signal: AbortSignal | undefined,
): Promise<Compared | null> {
  const rows = new Map<number | null, StoredQuarantine>()
  for await (const some of quarantineOf(parts.inbox, { deliveryId: id }))
    for (const row of some) rows.set(row.index, row)
  const [readable, unreadable]: [ReparseDifference['readable'][number][], ReparseDifference['unreadable'][number][]] = [
    [],
    [],
  ]
  const row = rows.get(null)
  // One that stands for elements which are not listed would bring back those that were handled.
  const whole = row === undefined || row.kind === 'more' ? undefined : row
  const range = index === undefined ? { signal } : { first: index, last: index, signal }
  const elements = await readAgain(
    parts,
    id,
    (reading, at) => {
      const listed = rows.get(at)
      if ('unreadable' in reading) {
        if (handled && listed === undefined && row === undefined)
          unreadable.push({ index: at, reason: reading.unreadable, path: reading.path })
      } else if (whole !== undefined || (listed !== undefined && listed.kind !== 'deadly'))
        readable.push({ index: at, name: reading.name })
    },
    range,
  )
  if (elements === null || signal?.aborted) return null
  const { delivery, count } = elements
  const found = readable.flatMap((one) => rows.get(one.index)?.id ?? [])
  const ids = whole === undefined ? found : [whole.id]
  const recorded = whole === undefined ? delivery.events : null
  return {
    difference: { deliveryId: id, source: delivery.source, elements: { recorded, now: count }, readable, unreadable },
    ids,
  }
}

function isOne({ elements, readable, unreadable }: ReparseDifference): boolean {
  return readable.length > 0 || unreadable.length > 0 || elements.recorded === null
}
