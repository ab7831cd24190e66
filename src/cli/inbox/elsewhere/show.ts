/** `posthorn inbox show --url`: one delivery or event of an inbox elsewhere. */
import type { ErrorRecord } from '../../../types.ts'
import { bytesAt, type DashboardAt, type ViewAnswer, viewAt } from '../../dashboard.ts'
import type { ExitCode } from '../../exit.ts'
import { idText } from '../../out/format.ts'
import type { OutOptions } from '../../out/lines.ts'
import { say, tell } from '../../out/streams.ts'
import { untilSignal } from '../../signals.ts'
import { type DeliveryFacts, type EventFacts, elementOf, showDeliveryText, showEventText } from '../show.ts'
import { type ElsewhereOptions, hidden } from './options.ts'

/** One delivery or event. */
export async function show(id: string, options: ElsewhereOptions & { readonly body: boolean }): Promise<ExitCode> {
  const view = id.includes('.') ? 'event' : 'delivery'
  return untilSignal<ExitCode>(async (stop) => {
    const dashboard = { url: options.url, stop }
    if (options.body) {
      process.stdout.write(await bytesAt(dashboard, { view, id, as: 'body' }))
      return 0
    }
    const found = await viewAt<DeliveryView | EventView>(dashboard, { view, id })
    if (found === null) {
      tell(`posthorn inbox: there is no ${view} ${idText(id)}`)
      return 1
    }
    if (options.json) say(JSON.stringify(found.data))
    else if (view === 'event') showEvent(found.data as unknown as EventView, options)
    else await showDelivery(found as unknown as ViewAnswer<DeliveryView>, dashboard, options)
    return 0
  })
}

/** An event in a list of the dashboard. */
interface EventRow extends Omit<EventFacts, 'who' | 'occurredAt' | 'receivedAt' | 'progress'> {
  readonly who: string | null
  readonly occurredAt: string
  readonly receivedAt: string
}

interface DeliveryView {
  readonly id: string
  readonly delivery: Omit<DeliveryFacts, 'receivedAt' | 'duplicates'> & {
    readonly receivedAt: string
    readonly copies: number
  }
  readonly events: readonly EventRow[]
  readonly quarantined: ReadonlyArray<{
    readonly index: number | null
    readonly reason: string
    readonly path: string | null
  }>
}

async function showDelivery(first: ViewAnswer<DeliveryView>, dashboard: DashboardAt, options: OutOptions) {
  const { id, delivery, quarantined } = first.data
  const events: EventRow[] = []
  for (let page: ViewAnswer<DeliveryView> | null = first; page !== null; ) {
    events.push(...page.data.events)
    if (page.partial !== null) tell(page.partial)
    const { next }: ViewAnswer<DeliveryView> = page
    page = next === null ? null : await viewAt<DeliveryView>(dashboard, { view: 'delivery', id, after: next })
  }
  // The dashboard has the last of them first.
  events.sort((a, b) => placeOf(a) - placeOf(b))
  const elements = [
    ...events.map((event) => ({ id: event.id, what: event.name, who: hidden(event.who) })),
    ...quarantined.map(({ index, reason, path }) => elementOf(id, { index, reason, at: path })),
  ]
  const facts = { ...delivery, duplicates: delivery.copies, receivedAt: new Date(delivery.receivedAt) }
  await showDeliveryText(facts, elements, options)
}

/** Within its delivery. */
const placeOf = ({ id }: EventRow) => Number(id.slice(id.lastIndexOf('.') + 1))

interface EventView {
  readonly event: EventRow
  readonly progress: EventFacts['progress']
  readonly letters: ReadonlyArray<{
    readonly handler: string
    readonly attempts: number
    readonly since: string
    readonly failures: ReadonlyArray<{
      readonly attempt: number
      readonly at: string
      /** The error, and what it was caused by. */
      readonly chain: ReadonlyArray<Omit<ErrorRecord, 'stack'> & { readonly stack: string | null }>
    }>
  }>
}

function showEvent({ event, progress, letters }: EventView, options: OutOptions): void {
  const { occurredAt, receivedAt } = event
  const times = { occurredAt: new Date(occurredAt), receivedAt: new Date(receivedAt) }
  const dead = letters.map(({ handler, attempts, since, failures }) => ({
    ...{ handler, attempts, since: new Date(since) },
    errors: failures.map(({ attempt, at, chain }) => ({ attempt, at: new Date(at), ...errorOf(chain) })),
  }))
  showEventText({ ...event, ...times, who: hidden(event.who), progress }, dead, options)
}

function errorOf([error, ...causes]: EventView['letters'][number]['failures'][number]['chain']): ErrorRecord {
  const { stack, ...known } = error ?? { name: '', code: null, message: '', stack: null }
  return {
    ...known,
    ...(stack === null ? {} : { stack }),
    ...(causes.length === 0 ? {} : { cause: errorOf(causes) }),
  }
}
