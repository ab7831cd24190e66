/** The public look into the inbox: pages become async iterables, stored elements become events again. */
import { parseElement } from '../lib/slices.ts'
import type { AnyEvent, DeadLetter, Delivery, DeliverySummary, Quarantined } from '../types.ts'
import { deliveryFacts, toEvent } from './event.ts'
import { toAttemptErrors } from './lane.ts'
import type { InboxPort, Page, Provider, StoredDeadLetter, StoredDelivery } from './ports.ts'
import type { Filter, InboxControl } from './public.ts'

const PAGE = 100

type ProviderOf = (source: string) => Provider | undefined

export function createInboxControl(inbox: InboxPort, open: () => Promise<void>, providerOf: ProviderOf): InboxControl {
  const rows = <R>(read: (page: Page) => Promise<readonly R[]>, id: (row: R) => number, filter: Filter = {}) =>
    paged(open, read, id, filter)
  return {
    async stats() {
      await open()
      const { oldestPendingAt, ...stats } = await inbox.stats()
      return { ...stats, oldestPendingAt: oldestPendingAt === null ? null : new Date(oldestPendingAt) }
    },
    async *deliveries(filter) {
      for await (const row of rows(
        (page) => inbox.deliveries(page),
        (row) => row.seq,
        filter,
      ))
        yield summary(row, row.bytes)
    },
    async delivery(id) {
      await open()
      const stored = await inbox.delivery(id)
      return stored === null ? null : toDelivery(stored)
    },
    async *deadLetters(filter) {
      for await (const row of rows(
        (page) => inbox.deadLetters(page),
        (row) => row.id,
        filter,
      ))
        yield toDeadLetter(row, providerOf(row.delivery.source))
    },
    async *quarantine(filter) {
      for await (const row of rows(
        (page) => inbox.quarantine(page),
        (row) => row.id,
        filter,
      ))
        yield toQuarantined(row)
    },
  }
}

async function* paged<R>(
  open: () => Promise<void>,
  read: (page: Page) => Promise<readonly R[]>,
  id: (row: R) => number,
  filter: Filter,
): AsyncGenerator<R> {
  await open()
  const { source, handler } = filter
  const [since, until] = [filter.since?.getTime(), filter.until?.getTime()]
  for (let before: number | null = null; ; ) {
    const page: readonly R[] = await read({ before, limit: PAGE, source, handler, since, until })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    before = id(last)
  }
}

function summary(stored: StoredDelivery, bytes: number): DeliverySummary {
  const { id, source, events, senderLeft, duplicates, isTest } = stored
  return { id, source, receivedAt: new Date(stored.receivedAt), bytes, events, senderLeft, duplicates, isTest }
}

function toDelivery(stored: StoredDelivery): Delivery {
  return {
    ...summary(stored, stored.body.length),
    sha256: Buffer.from(stored.sha256).toString('hex'),
    batchId: stored.batchId,
    credential: stored.credential,
    headers: stored.headers,
    body: async () => stored.body,
  }
}

function toQuarantined(row: {
  source: string
  deliveryId: string
  index: number | null
  reason: string
  path: string | null
}): Quarantined {
  const { source, deliveryId, index, reason, path } = row
  return { source, deliveryId, index, reason, path }
}

export function toDeadLetter(row: StoredDeadLetter, provider: Provider | undefined): DeadLetter {
  const { handler, attempts, errors, at } = row
  return { event: storedEvent(row, provider), handler, attempts, errors: toAttemptErrors(errors), since: new Date(at) }
}

/** Read again from the dead letter's own bytes, through the same door as the first time. */
function storedEvent({ delivery, element, index, size }: StoredDeadLetter, provider: Provider | undefined): AnyEvent {
  const facts = deliveryFacts(provider?.name ?? 'unknown', delivery, size)
  const reading = provider?.read(parseElement(element))
  if (reading !== undefined && !('unreadable' in reading)) return toEvent(facts, reading, index)
  return toEvent(facts, { ...UNREAD, name: `${facts.provider}.unknown` }, index)
}

/** A dead letter of a source that is no longer configured still shows that it is there. */
const UNREAD = {
  nativeType: '',
  type: 'unknown',
  category: 'other',
  payload: {},
  senderEventId: null,
  occurredAt: null,
  occurredAtFrom: 'sender',
  recipient: null,
  channel: 'other',
  messageId: null,
  transmissionId: null,
  tags: [],
  metadata: {},
  effect: 'none',
  isTest: false,
  details: null,
} as const
