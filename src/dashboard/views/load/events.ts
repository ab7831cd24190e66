/** Show me complaints since midnight. */
import type { ViewRequest } from '../../types.ts'
import {
  asked,
  type EventRow,
  eventRow,
  flatEvent,
  gather,
  LATE,
  type Loaded,
  type Range,
  rangeOf,
  sinceOf,
} from './loading.ts'

export interface EventsData {
  readonly q: string
  readonly range: Range
  readonly rows: readonly EventRow[]
  /** Deliveries that were read for them. */
  readonly read: number
  /** Only hours were read in which, by the counts, something of the kind was received; with `all=1` all are. */
  readonly counted: boolean
}

export async function load(request: ViewRequest): Promise<Loaded<EventsData>> {
  const { receiver, query, signal } = request
  const counted = query.get('all') !== '1'
  let [read, last, reachedAt, whole] = [0, null as string | null, null as Date | null, 0]
  const events = receiver.inbox.events(
    { ...asked(request), ...sinceOf(request, '1h') },
    {
      signal,
      counted,
      onProgress: (progress) => {
        read = progress.deliveries
        last = progress.deliveryId
        reachedAt = progress.reachedAt
        whole = progress.found
      },
    },
  )
  const { rows: found, more, late } = await gather(events, signal)
  const rows = found.map((event) => eventRow(event, request))
  const isPartial = signal.aborted && !(more && found.length > 0)
  const reached = (reachedAt as Date | null)?.toISOString().slice(0, 16).replace('T', ' ')
  return {
    title: 'Events',
    data: { q: query.get('filter') ?? '', range: rangeOf(request, '1h'), rows, read, counted },
    // Behind the last event; where the time was over, behind the last delivery that was read.
    next: more && !(late && whole === rows.length) ? (rows.at(-1)?.id ?? null) : more || signal.aborted ? last : null,
    partial:
      isPartial || signal.aborted
        ? reached === undefined
          ? LATE
          : `Looked at ${read} deliveries, back to ${reached} UTC.`
        : null,
    rows: rows.map(flatEvent),
  }
}
