/** What became of this mail? */
import type { ViewRequest } from '../../types.ts'
import { type EventRow, eventRow, flatEvent, LATE, type LinkRow, type Loaded, linksFor } from './loading.ts'

export interface MessageData {
  /** To tools of the reader's own. */
  readonly links: readonly LinkRow[]
  readonly messageId: string
  /** In the order in which they happened. */
  readonly events: readonly EventRow[]
}

export async function load(request: ViewRequest): Promise<Loaded<MessageData>> {
  const { receiver, query, signal } = request
  const messageId = query.get('id') ?? request.messageOf(query.get('key') ?? '') ?? ''
  const found = messageId === '' ? null : await receiver.inbox.message(messageId, {}, { signal })
  const events = found?.events.map((event) => eventRow(event, request)) ?? []
  return {
    title: 'Message',
    status: events.length === 0 && !signal.aborted ? 404 : 200,
    data: {
      links: linksFor(request, {
        messageId,
        key: events[0]?.key ?? null,
        source: events[0]?.source ?? null,
        deliveryId: null,
      }),
      messageId,
      events: events.slice(0, 1_000),
    },
    partial: signal.aborted ? LATE : null,
    rows: events.map(flatEvent),
  }
}
