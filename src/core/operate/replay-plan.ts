/** What a replay is asked to do: who gets what of a delivery. */
import { OptionError } from '../../errors.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Registry } from '../handlers/registry.ts'
import { deliveryAt } from './after.ts'
import type { Selection } from './filters.ts'
import { deliveryIdOf } from './ids.ts'

export interface Plan {
  readonly filter: Selection
  /** The events are looked at, one by one: only those of a name, or without a handler. */
  readonly reads: boolean
  /** Only deliveries behind this place of the log. */
  readonly after: number
  /** Its deliveries come in the order of the log: neither by `ids` nor those of dead letters. */
  readonly hasPlaces: boolean
  /** Who gets something, of a delivery that belongs to these handlers. */
  targets(belongsTo: readonly string[]): readonly string[]
}

export interface PlanParts {
  readonly inbox: InboxPort
  /** Of the handlers this process has. */
  readonly registry: Registry
}

const DAY_MS = 86_400_000

/** @throws OptionError naming what is missing in the filter, or does not go together */
export async function planReplay(parts: PlanParts, filter: Selection, after: string | undefined): Promise<Plan> {
  const { outcome, name } = filter
  const first = await placeOf(parts, filter, after)
  const unhandled = outcome === 'unhandled'
  const reads = unhandled || (name !== undefined && outcome !== 'dead')
  if (filter.missed && (filter.to === undefined || outcome === 'dead'))
    throw new OptionError('inbox.replay: missed goes with to, and not with outcome "dead"')
  if (reads && filter.since === undefined && filter.ids === undefined)
    throw new OptionError(
      'inbox.replay: by name or outcome "unhandled" every delivery in range is read: give since, or ids',
    )
  const all = parts.registry.all.map((handler) => handler.name)
  if (unhandled && all.length === 0)
    throw new OptionError('inbox.replay: outcome "unhandled" needs the handlers: register them in this process too')
  const known = await parts.inbox.records.handlers()
  return {
    filter,
    reads,
    after: first,
    hasPlaces: hasPlaces(filter),
    targets: targetsOf(filter, unhandled ? all : null, active(known)),
  }
}

const hasPlaces = ({ ids, outcome }: Selection) => ids === undefined && outcome !== 'dead'

async function placeOf({ inbox }: PlanParts, filter: Selection, after: string | undefined): Promise<number> {
  if (after === undefined) return 0
  if (!hasPlaces(filter))
    throw new OptionError('inbox.replay: after goes with neither ids nor outcome "dead": those come in another order')
  const at = 'inbox.replay: after'
  return (await deliveryAt(inbox, at, deliveryIdOf(at, after))).seq
}

/** Handlers that nobody has registered lately are owed nothing new; measured by the last one anybody has. */
function active(known: Awaited<ReturnType<InboxPort['records']['handlers']>>): ReadonlySet<string> {
  const latest = Math.max(...known.map(({ seenAt }) => seenAt))
  return new Set(known.filter(({ seenAt }) => seenAt > latest - DAY_MS).map(({ name }) => name))
}

function targetsOf({ to, handler, missed }: Selection, all: readonly string[] | null, active: ReadonlySet<string>) {
  const asked = to === undefined ? (handler === undefined ? all : [handler]) : [...new Set(to)]
  return (belongsTo: readonly string[]): readonly string[] => {
    if (handler !== undefined && !belongsTo.includes(handler)) return []
    const targets = asked ?? belongsTo.filter((name) => active.has(name))
    return missed ? targets.filter((name) => !belongsTo.includes(name)) : targets
  }
}
