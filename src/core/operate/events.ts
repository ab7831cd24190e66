/** Events found again, by reading the stored deliveries in range, newest first. Nothing is changed. */
import { OptionError } from '../../errors.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { MESSAGE, PERSON, traceOf } from '../../lib/trace.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { LookOptions, MessageHistory } from '../../public/look.ts'
import type { AnyEvent } from '../../types.ts'
import { eventFacts, matches } from '../filter/matches.ts'
import { deliveryFacts, toEvent } from '../read/event.ts'
import { type ReadOptions, type ReadParts, readAgain } from '../read/read-again.ts'
import { deliveryPlace, there } from './after.ts'
import type { Selection } from './filters.ts'
import { eventOrDelivery } from './ids.ts'
import { Person } from './person.ts'
import { pages, pagesOf } from './verbs.ts'

interface Wanted {
  isMeant(event: AnyEvent): boolean
  /** Cheap: false when nothing in these bytes can be meant. */
  mayHold(body: Uint8Array): boolean
  /** What their deliveries have in their traces. */
  readonly traced?: Uint8Array
}

export interface EventSelection extends Selection {
  readonly type?: string
}

/** @throws OptionError without `since` or ids: everything would be read */
export function findEvents(parts: ReadParts, filter: EventSelection, options: LookOptions): AsyncGenerator<AnyEvent> {
  const { since, ids, name, type } = filter
  if (since === undefined && ids === undefined)
    throw new OptionError('inbox.events reads every delivery in range: give since, or ids')
  const isMeant = (event: AnyEvent) =>
    (name === undefined || event.name === name) && (type === undefined || event.type === type) && isAsked(event, filter)
  return walk(parts, filter, { isMeant, mayHold: () => true }, options)
}

const isAsked = (event: AnyEvent, { where }: Selection) => where === undefined || matches(where.rows, eventFacts(event))

export function findPerson(
  parts: ReadParts,
  address: string,
  filter: Selection,
  options: LookOptions,
): AsyncGenerator<AnyEvent> {
  const person = new Person(address)
  const isMeant = (event: AnyEvent) =>
    event.email !== null && canonicalEmail(event.email) === person.email && isAsked(event, filter)
  const traced = traceOf(person.email, PERSON)
  return walk(parts, filter, { isMeant, mayHold: (body) => person.mayBeIn(body), traced }, options)
}

export async function findMessage(
  parts: ReadParts,
  messageId: string,
  filter: Selection,
  options: LookOptions,
): Promise<MessageHistory | null> {
  const events: AnyEvent[] = []
  const isMeant = (event: AnyEvent) => event.messageId === messageId && isAsked(event, filter)
  const wanted = { isMeant, mayHold: holding(messageId), traced: traceOf(messageId, MESSAGE) }
  for await (const event of walk(parts, filter, wanted, options)) events.push(event)
  // Those of one time in the order in which they were received.
  events.reverse().sort((a, b) => +a.occurredAt - +b.occurredAt)
  return events.length === 0 ? null : { messageId, events }
}

/** Where an id could be written with escapes, or beyond ASCII, its bytes need not be there. */
function holding(messageId: string): (body: Uint8Array) => boolean {
  const escaped = messageId.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  const pattern = /^[\x20-\x7e]+$/.test(messageId) ? new RegExp(`${escaped}|\\\\u`, 'i') : null
  return (body) =>
    pattern === null || pattern.test(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'))
}

async function* walk(
  parts: ReadParts,
  filter: Selection,
  wanted: Wanted,
  { signal, onProgress }: LookOptions,
): AsyncGenerator<AnyEvent> {
  let [deliveries, count] = [0, 0]
  const start = await startOf(parts.inbox, filter)
  for (const { index, ...place } of pagesOf(filter))
    for await (const rows of pages<StoredDelivery>(
      (page) => parts.inbox.records.list('deliveries', { ...page, traced: wanted.traced }),
      (row) => row.seq,
      place,
      start?.before,
    ))
      for (const row of rows) {
        if (signal?.aborted) return
        const last = row.seq === start?.seq ? start.last : Number.POSITIVE_INFINITY
        const range = index === undefined ? { last } : { first: index, last: Math.min(index, last) }
        const found = row.kept === 'none' ? [] : await eventsOf(parts, row.id, range, wanted, signal)
        // Within a delivery, too, the newest first.
        yield* found.reverse()
        deliveries++
        count += found.length
        onProgress?.({ deliveries, deliveryId: row.id, found: count, reachedAt: new Date(row.receivedAt) })
      }
}

/** Behind an event come first the others of its delivery: those up to `last` of the one at `seq`. null: from the newest on. */
async function startOf(inbox: InboxPort, { after, ids }: Selection) {
  if (after === undefined) return null
  const at = 'inbox.events: after'
  if (ids !== undefined && ids.length !== 1) throw new OptionError(`${at} does not go with several ids`)
  const { deliveryId, index = 0 } = eventOrDelivery(at, after)
  const seq = there(at, after, await deliveryPlace(inbox, deliveryId))
  return index === 0 ? { before: seq, seq: null, last: 0 } : { before: seq + 1, seq, last: index - 1 }
}

async function eventsOf(
  parts: ReadParts,
  id: string,
  range: Pick<ReadOptions, 'first' | 'last'>,
  { isMeant, mayHold }: Wanted,
  signal: AbortSignal | undefined,
): Promise<AnyEvent[]> {
  const found: AnyEvent[] = []
  await readAgain(
    parts,
    id,
    (reading, at, { delivery, provider, count }) => {
      if ('unreadable' in reading) return
      const event = toEvent(deliveryFacts(provider.name, delivery, count), reading, at)
      if (isMeant(event)) found.push(event)
    },
    { ...range, signal, mayHold },
  )
  return found
}
