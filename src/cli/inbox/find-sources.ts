/** Which sources a file has deliveries of, and which sender each is: told by what is stored. */
import { systemClock } from '../../core/base/clock.ts'
import { retentionOf } from '../../core/retention.ts'
import { port } from '../../lib/symbols.ts'
import type { Inbox } from '../../ports/inbox/index.ts'
import type { Records } from '../../ports/inbox/records.ts'
import { read } from '../../read/index.ts'
import { SENDERS, type Sender, sourceOf } from './senders.ts'

/** Deliveries, dead letters and rows of quarantine that are looked at for the names of sources. */
const NEWEST = 1_000
/** Bodies of a source that are read, until one tells its sender. */
const TRIED = 5

/** By the name of the source; one whose sender cannot be told is left out. */
export async function sourcesIn(inbox: Inbox): Promise<Record<string, Sender>> {
  return opened(inbox, async () => {
    const { records } = inbox[port]
    const found: Array<[string, Sender]> = []
    for (const name of await namesIn(records)) {
      const sender = await senderOfSource(records, name)
      if (sender !== null) found.push([name, sender])
    }
    return Object.fromEntries(found)
  })
}

/** While it is open for control, without a word. */
export async function opened<T>(inbox: Inbox, work: () => Promise<T>): Promise<T> {
  const store = inbox[port]
  await store.open({ handlers: [], logger, clock: systemClock, role: 'control', ...OPENING })
  try {
    return await work()
  } finally {
    await store.close()
  }
}

const OPENING = { onRedelivery: 'record', retention: retentionOf({}) } as const
/** What the opening has to say is said when the inbox is opened to be looked at. */
const logger = { info: () => {}, warn: () => {}, error: () => {} }

/** The sources of what was stored last. */
export async function namesIn(store: Records): Promise<Set<string>> {
  const page = { before: null, limit: NEWEST }
  const [deliveries, letters, quarantine] = [
    await store.list('deliveries', page),
    await store.list('deadLetters', page),
    await store.list('quarantine', page),
  ]
  return new Set([
    ...deliveries.map(({ source }) => source),
    ...letters.map(({ delivery }) => delivery.source),
    ...quarantine.map(({ source }) => source),
  ])
}

async function senderOfSource(store: Records, source: string): Promise<Sender | null> {
  for (const { id } of await store.list('deliveries', { before: null, limit: TRIED, source })) {
    const sender = senderOfBody((await store.delivery(id))?.body)
    if (sender !== null) return sender
  }
  for (const { element } of await store.list('deadLetters', { before: null, limit: TRIED, source })) {
    const sender = senderOfBody(element)
    if (sender !== null) return sender
  }
  return null
}

/** The sender whose reader knows most of the body's events; null: none knows any. */
export function senderOfBody(body: Uint8Array | undefined): Sender | null {
  if (body === undefined || body.length === 0) return null
  const known = SENDERS.map((sender) => [sender, knownEvents(sender, body)] as const)
  const [best, count] = known.reduce((a, b) => (b[1] > a[1] ? b : a))
  return count > 0 ? best : null
}

function knownEvents(sender: Sender, body: Uint8Array): number {
  return read(sourceOf(sender), body).events.filter(({ name }) => !name.endsWith('.unknown')).length
}
