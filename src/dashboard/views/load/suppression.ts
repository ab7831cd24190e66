/** Whom must I take off the list? */
import type { ViewRequest } from '../../types.ts'
import { eventRow, gather, iso, LATE, type Loaded, type Range, rangeOf, sinceOf } from './loading.ts'

export interface SuppressionRow {
  readonly key: string | null
  readonly who: string
  readonly effect: string
  readonly firstAt: string | null
  readonly lastAt: string | null
  readonly reason: string
  readonly source: string
  readonly count: number
  /** The newest. */
  readonly eventId: string
}

export interface SuppressionData {
  readonly range: Range
  readonly rows: readonly SuppressionRow[]
}

/** Events that are read for one page. */
const MOST = 10_000

export async function load(request: ViewRequest): Promise<Loaded<SuppressionData>> {
  const { receiver, signal } = request
  let [last, read] = [null as string | null, 0]
  const after = request.query.get('after')
  const found = receiver.inbox.events(
    {
      ...sinceOf(request, '24h'),
      filter: 'effect:suppress,unsubscribe test:no',
      ...(after === null ? {} : { after }),
    },
    {
      signal,
      counted: true,
      onProgress: ({ deliveryId, deliveries }) => {
        last = deliveryId
        read = deliveries
      },
    },
  )
  const { rows: events, more } = await gather(found, signal, MOST)
  const people = new Map<string, SuppressionRow>()
  for (const event of events) {
    if (event.recipient === null) continue
    const row = eventRow(event, request)
    const key = `${row.key ?? row.who} ${row.effect}`
    const known = people.get(key)
    const at = iso(event.occurredAt)
    people.set(
      key,
      known === undefined
        ? {
            key: row.key,
            who: row.who ?? '',
            effect: row.effect,
            firstAt: at,
            lastAt: at,
            reason: row.bounce?.reason ?? row.name,
            source: row.source,
            count: 1,
            eventId: row.id,
          }
        : { ...known, firstAt: at !== null && at < String(known.firstAt) ? at : known.firstAt, count: known.count + 1 },
    )
  }
  const rows = [...people.values()]
  return {
    title: 'Suppression',
    data: { range: rangeOf(request, '24h'), rows: rows.slice(0, 1_000) },
    next: more ? (events.at(-1)?.id ?? null) : signal.aborted ? last : null,
    partial: more || signal.aborted ? `${LATE} ${read} deliveries were read.` : null,
    rows: rows.map((row) => ({ ...row })),
  }
}
