/** The metrics of a receiver in a registry of prom-client: exported as `posthorn/prometheus`. */
import { OptionError } from '../errors.ts'
import { keysOf, kindOf, knownKeys } from '../lib/options.ts'
import { watchDoor } from '../lib/symbols.ts'
import type { WatchDoor, Watched } from '../ports/watch-door.ts'
import { Now } from '../telemetry/now.ts'
import { record } from '../telemetry/record.ts'
import { METRIC_NAMES } from '../telemetry/table.ts'
import { type Contributor, SharedMetric } from './metric.ts'
import { Series } from './series.ts'

/** A `Registry` of prom-client, as far as it is called. */
export interface RegisterLike {
  registerMetric(metric: never): void
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

export interface MetricsOptions {
  /** Where the metrics are to be: `register` of prom-client, or a `Registry` of your own. */
  readonly register: RegisterLike
  /** Whether `posthorn_events_total` has the native name of events as label `name` too. Default false. */
  readonly names?: boolean
}

export interface ReceiverMetrics {
  /** Ends the counting; a metric leaves the registry with the last receiver that is in it. */
  dispose(): void
  [Symbol.dispose](): void
}

interface Made {
  readonly names: boolean
  readonly metrics: ReceiverMetrics
  /** Whether the registry still has them: whoever clears it takes them out. */
  isThere(): boolean
}

/** Those that were made, by receiver and registry: put in twice everything would be counted twice. */
const made = new WeakMap<Watched, Map<RegisterLike, Made>>()

const KEYS = keysOf<MetricsOptions>({ register: true, names: true })

/**
 * Puts the metrics of a receiver (docs/metrics.md) into a registry. What happens is counted from now on; gauges are read
 * when the registry is scraped, once a second at most. Several receivers may share a registry: their counters are summed, and
 * what is the case is told of those that are not closed. Of a receiver that is in it already the same is answered.
 *
 * @example
 * import { register } from 'prom-client'
 * metrics(receiver, { register })
 * app.get('/metrics', async (_, res) => res.type(register.contentType).send(await register.metrics()))
 * @throws OptionError for a receiver or a registry that is none, and for a registry that has another metric of such a name
 */
export function metrics(receiver: Watched, options: MetricsOptions): ReceiverMetrics {
  const door = doorOf(receiver)
  knownKeys('metrics', options, KEYS)
  const { names = false } = options
  if (typeof names !== 'boolean') throw new OptionError(`metrics: names must be true or false, got ${kindOf(names)}`)
  const register = registerOf(options.register)
  const here = made.get(receiver) ?? new Map()
  const before = here.get(register)
  const isThere = before?.isThere() ?? false
  if (isThere && before?.names !== names)
    throw new OptionError('metrics: the receiver is in this registry already, with other names')
  if (isThere && before !== undefined) return before.metrics
  before?.metrics.dispose()
  const shared = sharedIn(register)
  const series = new Series(door, names)
  const now = new Now(door)
  const off = record(door, series, { names })
  const contributor: Contributor = { series, now, isOver: () => isOver(door) }
  for (const metric of shared) metric.join(contributor)
  const dispose = () => {
    off()
    now.end()
    for (const metric of shared) metric.leave(contributor, register)
    if (here.get(register)?.metrics === mine) here.delete(register)
  }
  const mine: ReceiverMetrics = { dispose, [Symbol.dispose]: dispose }
  const areThere = () => shared.every((metric) => metric.isIn(register))
  made.set(receiver, here.set(register, { names, metrics: mine, isThere: areThere }))
  return mine
}

const isOver = (door: WatchDoor): boolean => door.state() === 'closing' || door.state() === 'closed'

function doorOf(receiver: Watched): WatchDoor {
  const door = Object(receiver)[watchDoor] as WatchDoor | undefined
  if (door === undefined) throw new OptionError(`metrics: takes a receiver, got ${kindOf(receiver)}`)
  return door
}

const METHODS = ['registerMetric', 'getSingleMetric', 'removeSingleMetric'] as const

function registerOf(register: unknown): RegisterLike {
  const missing = METHODS.filter((name) => typeof Object(register)[name] !== 'function')
  if (missing.length === 0 && !isOld(register)) return register as RegisterLike
  if (missing.length === 0) throw new OptionError('metrics: register is of a prom-client that is older than 13')
  throw new OptionError(
    `metrics: register must be a registry of prom-client, as { register } of that package is; got ${kindOf(register)}`,
  )
}

/** Up to 12 a registry does not wait for what a metric answers, and shows none. */
const isOld = (register: unknown): boolean => typeof Object(register).registerCollector === 'function'

/** All of them, or none where one cannot be had. */
function sharedIn(register: RegisterLike): readonly SharedMetric[] {
  const taken = METRIC_NAMES.filter((name) => {
    const found = register.getSingleMetric(name)
    return found !== undefined && !(found instanceof SharedMetric)
  })
  if (taken.length > 0) throw new OptionError(`metrics: the registry has another metric called ${taken.join(', ')}`)
  return METRIC_NAMES.map((name) => {
    const found = register.getSingleMetric(name)
    if (found instanceof SharedMetric) return found
    const made = new SharedMetric(name)
    register.registerMetric(made as never)
    return made
  })
}
