/** Events found again, by reading the stored deliveries in range, newest first. Nothing is changed. */
import { OptionError } from '../../errors.ts'
import { canonicalEmail } from '../../lib/email.ts'
import { MESSAGE, PERSON, traceOf } from '../../lib/trace.ts'
import type { Page } from '../../ports/inbox/records.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import type { LookFilter, LookOptions, MessageHistory } from '../../public/look.ts'
import type { AnyEvent } from '../../types.ts'
import { eventFacts, matches } from '../filter/matches.ts'
import { deliveryFacts, toEvent } from '../read/event.ts'
import { type ReadParts, readAgain } from '../read/read-again.ts'
import type { Selection } from './filters.ts'
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
  const { since, ids, name, type, where } = filter
  if (since === undefined && ids === undefined)
    throw new OptionError('inbox.events reads every delivery in range: give since, or ids')
  const isMeant = (event: AnyEvent) =>
    (name === undefined || event.name === name) &&
    (type === undefined || event.type === type) &&
    (where === undefined || matches(where.rows, eventFacts(event)))
  return walk(parts, pagesOf(filter), { isMeant, mayHold: () => true }, options)
}

export function findPerson(
  parts: ReadParts,
  address: string,
  filter: LookFilter,
  options: LookOptions,
): AsyncGenerator<AnyEvent> {
  const person = new Person(address)
  const isMeant = ({ email }: AnyEvent) => email !== null && canonicalEmail(email) === person.email
  const traced = traceOf(person.email, PERSON)
  return walk(parts, pagesOf(filter), { isMeant, mayHold: (body) => person.mayBeIn(body), traced }, options)
}

export async function findMessage(
  parts: ReadParts,
  messageId: string,
  filter: LookFilter,
  options: LookOptions,
): Promise<MessageHistory | null> {
  const events: AnyEvent[] = []
  const isMeant = (event: AnyEvent) => event.messageId === messageId
  const wanted = { isMeant, mayHold: holding(messageId), traced: traceOf(messageId, MESSAGE) }
  for await (const event of walk(parts, pagesOf(filter), wanted, options)) events.push(event)
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

type Place = Omit<Page, 'before' | 'limit'>

async function* walk(
  parts: ReadParts,
  places: readonly Place[],
  wanted: Wanted,
  { signal, onProgress }: LookOptions,
): AsyncGenerator<AnyEvent> {
  let [deliveries, count] = [0, 0]
  for (const { index, ...place } of places)
    for await (const rows of pages<StoredDelivery>(
      (page) => parts.inbox.records.list('deliveries', { ...page, traced: wanted.traced }),
      (row) => row.seq,
      place,
    ))
      for (const row of rows) {
        if (signal?.aborted) return
        const found = row.kept === 'none' ? [] : await eventsOf(parts, row.id, index, wanted, signal)
        yield* found
        deliveries++
        count += found.length
        onProgress?.({ deliveries, found: count, reachedAt: new Date(row.receivedAt) })
      }
}

async function eventsOf(
  parts: ReadParts,
  id: string,
  index: number | undefined,
  { isMeant, mayHold }: Wanted,
  signal: AbortSignal | undefined,
): Promise<AnyEvent[]> {
  const found: AnyEvent[] = []
  const range = index === undefined ? {} : { first: index, last: index }
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
