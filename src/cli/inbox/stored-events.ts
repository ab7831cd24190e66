/** Events as they are stored: deliveries in range are read, newest first, and those that a filter asks for are told. */
import type { Clause } from '../../core/filter/clause.ts'
import { EVENT_KEYS, eventFacts, matches } from '../../core/filter/matches.ts'
import { parseFilter } from '../../core/filter/parse.ts'
import { FilterError } from '../../errors.ts'
import type { DeliveryFilter } from '../../public/inbox.ts'
import { read } from '../../read/index.ts'
import type { AnyEvent, DeliverySummary } from '../../types.ts'
import { counted, timeText } from '../out/format.ts'
import { tell } from '../out/lines.ts'
import { Progress } from '../out/progress.ts'
import type { OpenInbox } from './open.ts'

/**
 * Says on stderr how far it has come; stops at the signal, and says then how far back it has looked.
 * @throws FilterError for a text that is no filter of events
 */
export async function* storedEvents(opened: OpenInbox, filter: string): AsyncGenerator<AnyEvent> {
  const clauses = clausesOf(filter)
  const progress = new Progress()
  let looked = 0
  for await (const delivery of opened.control.deliveries(spanOf(clauses))) {
    if (opened.stop.aborted) {
      tell(
        `Stopped at what was received at ${timeText(delivery.receivedAt)}: go on with until:${delivery.receivedAt.toISOString()}`,
      )
      break
    }
    progress.show(`${counted(++looked, 'delivery', 'deliveries')} read, back to ${timeText(delivery.receivedAt)}`)
    const events = await eventsOf(opened, delivery)
    for (const event of events.reverse()) {
      if (!isAsked(event, clauses)) continue
      progress.end()
      yield event
    }
  }
  progress.end()
}

function clausesOf(filter: string): Clause[] {
  const at = 'inbox events: filter'
  const clauses = parseFilter(filter, { now: Date.now(), at })
  const keys: readonly string[] = [...EVENT_KEYS, 'since', 'until', 'ids']
  const other = clauses.find(({ key }) => !keys.includes(key))
  if (other === undefined) return clauses
  throw new FilterError(
    `${at}: events have no "${other.key}"; it takes ${keys.slice(0, -1).join(', ')}, and ids`,
    other,
  )
}

/** What is known of a delivery before it is read. */
function spanOf(clauses: readonly Clause[]): DeliveryFilter {
  const fields: { since?: Date; until?: Date; ids?: readonly string[]; source?: string } = {}
  for (const clause of clauses) {
    if (clause.kind === 'time') fields[clause.key] = new Date(clause.at)
    if (clause.kind === 'ids') fields.ids = clause.ids
    const [source, ...others] = clause.kind === 'words' && clause.key === 'source' && !clause.not ? clause.values : []
    if (source !== undefined && others.length === 0) fields.source = source
  }
  return fields
}

async function eventsOf({ control, sources }: OpenInbox, { id, source, kept }: DeliverySummary): Promise<AnyEvent[]> {
  const sender = sources[source]
  const delivery = sender === undefined || kept === 'none' ? null : await control.delivery(id)
  if (delivery === null || sender === undefined) return []
  const { headers, receivedAt } = delivery
  const { events } = read(sender, await delivery.body(), { source, headers: Object.fromEntries(headers), receivedAt })
  return [...events]
}

function isAsked(event: AnyEvent, clauses: readonly Clause[]): boolean {
  const ids = clauses.find(({ kind }) => kind === 'ids')
  const isOne = ids?.kind !== 'ids' || ids.ids.some((id) => id === event.id || id === event.delivery.id)
  return isOne && matches(clauses, eventFacts(event))
}
