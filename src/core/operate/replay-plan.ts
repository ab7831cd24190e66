/** What a replay is asked to do, checked once: who gets what of a delivery. */
import { OptionError } from '../../errors.ts'
import { nearest } from '../../lib/nearest.ts'
import { knownKeys, oneOf } from '../../lib/options.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { ReplayFilter } from '../../public/inbox.ts'
import type { Registry } from '../handlers/registry.ts'

export interface Plan {
  readonly filter: ReplayFilter
  /** The events are looked at, one by one: only those of a name, or without a handler. */
  readonly reads: boolean
  /** Who gets something, of a delivery that belongs to these handlers. */
  targets(belongsTo: readonly string[]): readonly string[]
}

export interface PlanParts {
  readonly inbox: InboxPort
  /** Of the handlers this process has. */
  readonly registry: Registry
  /** Every native name the sources can send. */
  readonly names: ReadonlySet<string>
}

const KEYS = ['since', 'until', 'source', 'handler', 'name', 'outcome', 'ids', 'to', 'missed']
const DAY_MS = 86_400_000

/** @throws OptionError naming what is wrong, or missing, in the filter */
export async function planReplay(parts: PlanParts, filter: ReplayFilter): Promise<Plan> {
  knownKeys('replay', filter, KEYS)
  const known = await parts.inbox.handlers()
  const { outcome, name } = filter
  const unhandled = outcome === 'unhandled'
  const reads = unhandled || (name !== undefined && outcome !== 'dead')
  checkOutcome(outcome)
  for (const handler of [...(filter.to ?? []), ...(filter.handler === undefined ? [] : [filter.handler])])
    checkHandler(
      handler,
      known.map((one) => one.name),
    )
  if (filter.to?.length === 0) throw new OptionError('replay: to must name a handler, or be left out')
  if (filter.missed && (filter.to === undefined || outcome === 'dead'))
    throw new OptionError('replay: missed goes with to, and not with outcome "dead"')
  if (name !== undefined) checkName(name, parts.names)
  if (reads && filter.since === undefined && filter.ids === undefined)
    throw new OptionError('replay: by name or outcome "unhandled" every delivery in range is read: give since, or ids')
  const all = parts.registry.all.map((handler) => handler.name)
  if (unhandled && all.length === 0)
    throw new OptionError('replay: outcome "unhandled" needs the handlers: register them in this process too')
  return { filter, reads, targets: targetsOf(filter, unhandled ? all : null, active(known)) }
}

/** Handlers that nobody has registered lately are owed nothing new; measured by the last one anybody has. */
function active(known: Awaited<ReturnType<InboxPort['handlers']>>): ReadonlySet<string> {
  const latest = Math.max(...known.map(({ seenAt }) => seenAt))
  return new Set(known.filter(({ seenAt }) => seenAt > latest - DAY_MS).map(({ name }) => name))
}

function targetsOf({ to, handler, missed }: ReplayFilter, all: readonly string[] | null, active: ReadonlySet<string>) {
  const asked = to === undefined ? (handler === undefined ? all : [handler]) : [...new Set(to)]
  return (belongsTo: readonly string[]): readonly string[] => {
    if (handler !== undefined && !belongsTo.includes(handler)) return []
    const targets = asked ?? belongsTo.filter((name) => active.has(name))
    return missed ? targets.filter((name) => !belongsTo.includes(name)) : targets
  }
}

function checkOutcome(outcome: unknown): void {
  if (outcome === 'quarantined')
    throw new OptionError('replay: what is in quarantine was never handled; see retry() and reparse()')
  oneOf('replay: outcome', outcome, 'dead', ['unhandled', 'dead'])
}

function checkHandler(handler: string, known: readonly string[]): void {
  if (known.includes(handler)) return
  throw new OptionError(`replay: no process has ever had a handler ${JSON.stringify(handler)}${hint(handler, known)}`)
}

function checkName(name: string, names: ReadonlySet<string>): void {
  if (names.has(name)) return
  throw new OptionError(`replay: no source sends an event called ${JSON.stringify(name)}${hint(name, names)}`)
}

function hint(word: string, words: Iterable<string>): string {
  const near = nearest(word, words)
  return near === null ? '' : `; did you mean "${near}"?`
}
