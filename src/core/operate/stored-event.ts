/** One event with where it stands for each handler. */
import type { EventProgress } from '../../ports/inbox/records.ts'
import type { StoredEvent } from '../../public/inbox.ts'
import type { AnyEvent } from '../../types.ts'
import { isMeant, type Registry } from '../handlers/registry.ts'
import { deliveryFacts, toEvent, UNREAD } from '../read/event.ts'
import { parsedElements, type ReadParts, readAgain } from '../read/read-again.ts'

/** As `DeskDoor.elements`. */
export const storedElements = (parts: ReadParts, deliveryId: string, indexes: readonly number[]) =>
  parsedElements(parts, deliveryId, indexes)

export type ElementParts = ReadParts

type Step = StoredEvent['progress'][number]

export async function storedEvent(
  parts: ReadParts,
  registry: Registry,
  deliveryId: string,
  index: number,
): Promise<StoredEvent | null> {
  // Written to from within a callback, which the compiler does not follow.
  const read: { event: AnyEvent | null; sound: boolean } = { event: null, sound: true }
  await readAgain(
    parts,
    deliveryId,
    (reading, at, { delivery, provider, count }) => {
      // A row for the whole of a delivery that was read once is about those of its elements that could not be.
      read.sound = !('unreadable' in reading) && delivery.events !== null
      const known = 'unreadable' in reading ? { ...UNREAD, name: `${provider.name}.unknown` } : reading
      read.event = toEvent(deliveryFacts(provider.name, delivery, count), known, at)
    },
    { first: index, last: index },
  )
  const progress = read.event && (await parts.inbox.records.progress(deliveryId, index))
  if (read.event === null || progress === null) return null
  const quarantined = progress.quarantined === 'delivery' && read.sound ? null : progress.quarantined
  return { event: read.event, progress: steps({ ...progress, quarantined }, registry, read.event) }
}

/** Of handlers that this process does not have nobody knows what they ask for: only what waits or failed is told. */
function steps(all: EventProgress, registry: Registry, event: AnyEvent): Step[] {
  const { handlers, dead } = all
  const asking = registry.match(event)
  const rows = all.rows.filter((row) => isMeant(event, asking, row, handlers))
  const progress = { ...all, rows }
  const mine = all.passed || handlers.length > 0 ? handlers : registry.all.map(({ name }) => name)
  const names = new Set([...mine, ...rows.map((row) => row.handler), ...dead.map((one) => one.handler)])
  const asks = (name: string) => asking.some((spec) => spec.name === name)
  return [...names].flatMap((handler) => step(progress, handler, asks(handler), registry.get(handler) !== undefined))
}

function step(progress: EventProgress, handler: string, asks: boolean, mine: boolean): Step[] {
  const { passed, rows, dead, quarantined } = progress
  const letter = dead.findLast((one) => one.handler === handler)
  const row = rows.findLast((one) => one.handler === handler)
  if (letter !== undefined) return [{ handler, outcome: 'dead', attempts: letter.attempts }]
  if (row !== undefined && (asks || !mine)) return [{ handler, outcome: 'pending', attempts: row.attempts }]
  if (quarantined !== null) return [{ handler, outcome: 'quarantined', attempts: null }]
  if (!asks) return []
  return [passed ? { handler, outcome: 'done', attempts: null } : { handler, outcome: 'pending', attempts: 0 }]
}
