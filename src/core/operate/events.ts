/** Events found again, by reading the stored deliveries in range, newest first. Nothing is changed. */
import { OptionError } from '../../errors.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { MESSAGE, PERSON, traceOf } from '../../lib/trace.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Page } from '../../ports/inbox/records.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { EventOptions, LookOptions, MessageHistory } from '../../public/look.ts'
import type { AnyEvent } from '../../types.ts'
import { eventFacts, matches } from '../filter/matches.ts'
import { deliveryFacts, toEvent } from '../read/event.ts'
import { type ReadOptions, type ReadParts, readBackwards } from '../read/read-again.ts'
import { deliveryAt } from './after.ts'
import { countedSpans, placesOf, SLACK_MS, type Span } from './counted.ts'
import type { Selection } from './filters.ts'
import { eventOrDelivery } from './ids.ts'
import { Person } from './person.ts'
import { pages } from './verbs.ts'

interface Wanted {
  isMeant(event: AnyEvent): boolean
  /** Cheap: false when nothing in these bytes can be meant. */
  mayHold(body: Uint8Array): boolean
  /** What their deliveries have in their traces. */
  readonly traced?: Uint8Array
  /** When it was received; `top` is the time from which on nothing is asked for. null: as the filter says. */
  readonly spans?: ((top: number | null) => AsyncIterable<Span>) | null
}

export interface EventSelection extends Selection {
  readonly type?: string
}

export interface FindParts extends ReadParts {
  readonly clock: Pick<Clock, 'now'>
}

/** @throws OptionError without `since` or ids: everything would be read */
export function findEvents(parts: FindParts, filter: EventSelection, options: EventOptions): AsyncGenerator<AnyEvent> {
  const { since, ids, name, type } = filter
  if (since === undefined && ids === undefined)
    throw new OptionError('inbox.events reads every delivery in range: give since, or ids')
  const isMeant = (event: AnyEvent) =>
    (name === undefined || event.name === name) && (type === undefined || event.type === type) && isAsked(event, filter)
  const isCounted = options.counted === true && ids === undefined
  const spans = isCounted ? (top: number | null) => countedSpans(parts, filter, { now: parts.clock.now(), top }) : null
  return walk(parts, filter, { isMeant, mayHold: () => true, spans }, options)
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

/** Characters that JSON writes in one way, or as `\u…`: a quote, a backslash and often a slash have one before them. */
const PLAIN = /^[ !#-.0-[\]-~]+$/

/** Where an id could be written with escapes, or beyond ASCII, its bytes need not be there. */
function holding(messageId: string): (body: Uint8Array) => boolean {
  const escaped = messageId.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  const pattern = PLAIN.test(messageId) ? new RegExp(`${escaped}|\\\\u`, 'i') : null
  return (body) =>
    pattern === null || pattern.test(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'))
}

async function* walk(
  parts: ReadParts,
  filter: Selection,
  wanted: Wanted,
  { signal, onProgress }: LookOptions,
): AsyncGenerator<AnyEvent> {
  const { traced, spans } = wanted
  let [deliveries, count] = [0, 0]
  const start = await startOf(parts.inbox, filter)
  const list = (page: Page) => parts.inbox.records.list('deliveries', { ...page, traced, isLook: true, signal })
  for await (const { index, ...place } of placesOf(filter, spans?.(start?.top ?? null) ?? null))
    for await (const rows of pages<StoredDelivery>(list, (row) => row.seq, place, start?.before))
      for (const row of rows) {
        if (signal?.aborted) return
        const last = row.seq === start?.seq ? start.last : Number.POSITIVE_INFINITY
        const range = index === undefined ? { last } : { first: index, last: Math.min(index, last) }
        if (row.kept !== 'none')
          for await (const found of eventsOf(parts, row.id, { ...range, signal }, wanted)) {
            // Within a delivery, too, the newest first.
            yield* found.toReversed()
            count += found.length
          }
        if (signal?.aborted) return
        deliveries++
        onProgress?.({ deliveries, deliveryId: row.id, found: count, reachedAt: new Date(row.receivedAt) })
      }
}

/** Behind an event come first the others of its delivery: those up to `last` of the one at `seq`. null: from the newest on. */
async function startOf(inbox: InboxPort, { after, ids }: Selection) {
  if (after === undefined) return null
  const at = 'inbox.events: after'
  if (ids !== undefined && ids.length !== 1) throw new OptionError(`${at} does not go with several ids`)
  const { deliveryId, index = 0 } = eventOrDelivery(at, after)
  const { seq, receivedAt } = await deliveryAt(inbox, at, deliveryId)
  const top = receivedAt + SLACK_MS
  return index === 0 ? { before: seq, seq: null, last: 0, top } : { before: seq + 1, seq, last: index - 1, top }
}

/** Slice by slice, the last first: whoever has enough does not have the others parsed. */
function eventsOf(
  parts: ReadParts,
  id: string,
  range: Pick<ReadOptions, 'first' | 'last' | 'signal'>,
  { isMeant, mayHold }: Wanted,
): AsyncGenerator<readonly AnyEvent[]> {
  return readBackwards(
    parts,
    id,
    (reading, at, { delivery, provider, count }) => {
      if ('unreadable' in reading) return null
      const event = toEvent(deliveryFacts(provider.name, delivery, count), reading, at)
      return isMeant(event) ? event : null
    },
    { ...range, mayHold },
  )
}
