/** The counters and histograms of one receiver, by name and labels. */

import { QUARANTINE_KINDS } from '../lib/quarantine-kinds.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import type { Sink } from '../telemetry/record.ts'
import { type MetricName, metricRow } from '../telemetry/table.ts'

export interface Value {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string | number>>
  value: number
}

interface Histogram {
  readonly buckets: number[]
  sum: number
  count: number
}

interface One<T> {
  readonly labels: Readonly<Record<string, string>>
  readonly state: T
}

const MOST_HANDLERS = 100

export class Series implements Sink {
  readonly #names: boolean
  readonly #counters = new Map<MetricName, Map<string, One<{ value: number }>>>()
  readonly #histograms = new Map<MetricName, Map<string, One<Histogram>>>()

  readonly #door: WatchDoor

  constructor(door: WatchDoor, names: boolean) {
    this.#door = door
    this.#names = names
  }

  add(name: MetricName, labels: readonly string[], by: number): void {
    this.#one(this.#counters, name, labels, () => ({ value: 0 })).value += by
  }

  observe(name: MetricName, labels: readonly string[], seconds: number): void {
    put(this.#histogram(name, labels), metricRow(name).buckets ?? [], seconds)
  }

  observeAll(name: MetricName, labels: readonly string[], ms: readonly number[]): void {
    if (ms.length === 0) return
    const [histogram, bounds] = [this.#histogram(name, labels), metricRow(name).buckets ?? []]
    // Negative where the clock of the sender is ahead.
    for (const one of ms) put(histogram, bounds, Math.max(0, one) / 1_000)
  }

  /** As a registry of prom-client asks for them. */
  values(name: MetricName): Value[] {
    this.#expect(name)
    const counters = [...(this.#counters.get(name)?.values() ?? [])]
    const histograms = [...(this.#histograms.get(name)?.values() ?? [])]
    return [
      ...counters.map(({ labels, state }) => ({ labels, value: state.value })),
      ...histograms.flatMap((one) => linesOf(name, one)),
    ]
  }

  /** A rate sees no first step from nothing to one: what can be told beforehand begins at 0. */
  #expect(name: MetricName): void {
    const { type, labels } = metricRow(name)
    if (type !== 'counter') return
    if (labels.join() === 'source') for (const source of this.#door.sources.keys()) this.add(name, [source], 0)
    if (labels.join() === 'handler')
      for (const handler of this.#door.handlers().slice(0, MOST_HANDLERS)) this.add(name, [handler], 0)
    if (name === 'posthorn_quarantined_total')
      for (const source of this.#door.sources.keys())
        for (const kind of QUARANTINE_KINDS) this.add(name, [source, kind], 0)
    if (name === 'posthorn_events_total')
      for (const [source, { provider }] of this.#door.sources)
        this.add(name, [source, 'unknown', ...(this.#names ? [`${provider.name}.unknown`] : [])], 0)
    if (name === 'posthorn_deliveries_total')
      for (const source of this.#door.sources.keys())
        for (const result of ['accepted', 'duplicate']) this.add(name, [source, result], 0)
  }

  #histogram(name: MetricName, labels: readonly string[]): Histogram {
    const bounds = metricRow(name).buckets ?? []
    return this.#one(this.#histograms, name, labels, () => ({ buckets: bounds.map(() => 0), sum: 0, count: 0 }))
  }

  #one<T>(of: Map<MetricName, Map<string, One<T>>>, name: MetricName, labels: readonly string[], make: () => T): T {
    const series = of.get(name) ?? new Map<string, One<T>>()
    of.set(name, series)
    const key = labels.join('\n')
    const found = series.get(key) ?? { labels: this.#named(name, labels), state: make() }
    series.set(key, found)
    return found.state
  }

  #named(name: MetricName, labels: readonly string[]): Record<string, string> {
    const given = metricRow(name).labels
    const keys = this.#names && name === 'posthorn_events_total' ? [...given, 'name'] : given
    return Object.fromEntries(keys.map((key, at) => [key, labels[at] ?? '']))
  }
}

function put(histogram: Histogram, bounds: readonly number[], seconds: number): void {
  let at = 0
  while (at < bounds.length && seconds > (bounds[at] as number)) at++
  if (at < bounds.length) histogram.buckets[at] = (histogram.buckets[at] ?? 0) + 1
  histogram.sum += seconds
  histogram.count++
}

/** Buckets hold all that is below their bound, as Prometheus has it. */
function linesOf(name: MetricName, { labels, state: { buckets, sum, count } }: One<Histogram>): Value[] {
  const bounds = metricRow(name).buckets ?? []
  let below = 0
  const lines = bounds.map((bound, at) => {
    below += buckets[at] ?? 0
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below }
  })
  return [
    ...lines,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
