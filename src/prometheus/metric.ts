/** One metric in a registry, by the shape that prom-client asks for; the receivers of a registry share it. */
import type { Now } from '../telemetry/now.ts'
import { type MetricName, metricRow } from '../telemetry/table.ts'
import type { Series, Value } from './series.ts'

export interface Contributor {
  readonly series: Series
  readonly now: Now
  /** Its receiver is closed. */
  isOver(): boolean
}

/** Of a registry, what it takes to leave it. */
interface InRegister {
  getSingleMetric(name: string): unknown
  removeSingleMetric(name: string): void
}

export class SharedMetric {
  /** A registry of OpenMetrics takes `_total` away, and puts it back. */
  name: string
  readonly help: string
  readonly type: string
  /** How the registries of several processes are joined. */
  readonly aggregator: 'sum' | 'max' | 'min'
  readonly #own: MetricName
  readonly #contributors = new Set<Contributor>()

  constructor(name: MetricName) {
    const { help, type, join } = metricRow(name)
    this.name = name
    this.#own = name
    this.help = help
    this.type = type
    this.aggregator = join ?? 'sum'
  }

  join(contributor: Contributor): void {
    this.#contributors.add(contributor)
  }

  /** A registry that was cleared since may have another of this name, which is not ours to take out. */
  leave(contributor: Contributor, register: InRegister): void {
    if (!this.#contributors.delete(contributor) || this.#contributors.size > 0) return
    if (this.isIn(register)) register.removeSingleMetric(this.#own)
  }

  isIn(register: Pick<InRegister, 'getSingleMetric'>): boolean {
    return register.getSingleMetric(this.#own) === this
  }

  async get() {
    const all = [...this.#contributors]
    // One that was closed, and made anew, is not the case any more; what it has counted was.
    const open = this.type === 'gauge' ? all.filter((one) => !one.isOver()) : all
    const values = (await Promise.all((open.length > 0 ? open : all).map((one) => this.#valuesOf(one)))).flat()
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.#joined(values) }
  }

  /** Counters are the receiver's own: a registry that resets its metrics leaves them. */
  reset(): void {}

  async #valuesOf({ series, now }: Contributor): Promise<Value[]> {
    if (this.type !== 'gauge') return series.values(this.#own)
    const { labels } = metricRow(this.#own)
    const readings = (await now.read()).filter(({ name }) => name === this.#own)
    return readings.map((one) => ({
      labels: Object.fromEntries(labels.map((label, at) => [label, one.labels[at] ?? ''])),
      value: one.value,
    }))
  }

  /** Of one receiver too: what has no label is called `none`, and so may another be. */
  #joined(values: readonly Value[]): Value[] {
    const joined = new Map<string, Value>()
    for (const value of values) {
      const key = JSON.stringify([value.metricName, value.labels])
      const before = joined.get(key)
      if (before === undefined) joined.set(key, { ...value })
      else before.value = this.#of(before.value, value.value)
    }
    return [...joined.values()]
  }

  #of(one: number, other: number): number {
    return this.aggregator === 'sum' ? one + other : Math[this.aggregator](one, other)
  }
}
