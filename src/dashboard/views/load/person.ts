/** Are we allowed to write to jo? */
import type { ViewRequest } from '../../types.ts'
import {
  asked,
  type EventRow,
  eventRow,
  flatEvent,
  gather,
  LATE,
  type LinkRow,
  type Loaded,
  linksFor,
} from './loading.ts'

export interface PersonData {
  /** To tools of the reader's own. */
  readonly links: readonly LinkRow[]
  readonly key: string
  /** As the reader may see it; null: no such key. */
  readonly who: string | null
  /** The newest event that says so; null: nothing speaks against it. */
  readonly evidence: EventRow | null
  readonly counts: Readonly<Record<string, number>>
  readonly events: readonly EventRow[]
}

export async function load(request: ViewRequest): Promise<Loaded<PersonData>> {
  const { receiver, query, signal } = request
  const key = query.get('key') ?? ''
  const address = request.addressOf(key)
  if (address === null)
    return { title: 'Person', status: 404, data: { links: [], key, who: null, evidence: null, counts: {}, events: [] } }
  let [last, reachedAt, read] = [null as string | null, null as Date | null, 0]
  const onProgress = (progress: { deliveryId: string; reachedAt: Date; deliveries: number }) => {
    last = progress.deliveryId
    reachedAt = progress.reachedAt
    read = progress.deliveries
  }
  const found = receiver.inbox.person(address, asked(request), { signal, onProgress })
  const { rows, more } = await gather(found, signal)
  const events = rows.map((event) => eventRow(event, request))
  const counts: Record<string, number> = {}
  for (const { type } of events) counts[type] = (counts[type] ?? 0) + 1
  const filter = asked(request).filter
  const reached = (reachedAt as Date | null)?.toISOString().slice(0, 16).replace('T', ' ')
  const late = reached === undefined ? LATE : `Looked at ${read} deliveries, back to ${reached} UTC.`
  return {
    title: request.shown(address),
    data: {
      links: linksFor(request, { messageId: null, key, source: null, deliveryId: null }),
      key,
      who: request.shown(address),
      evidence: evidenceOf(events),
      counts,
      events,
    },
    next: more ? (events.at(-1)?.id ?? null) : signal.aborted ? last : null,
    // What a filter leaves out may speak against the person.
    partial: signal.aborted ? late : filter === undefined ? null : `Only what matches ${filter} is shown.`,
    rows: events.map(flatEvent),
  }
}

/** The latest that happened. */
function evidenceOf(events: readonly EventRow[]): EventRow | null {
  const asking = events.filter(({ effect, isTest }) => effect !== 'none' && !isTest)
  return asking.reduce<EventRow | null>(
    (latest, one) => (latest === null || String(one.occurredAt) > String(latest.occurredAt) ? one : latest),
    null,
  )
}
