/** The metrics of the table on a meter, and beside them those of the semantic conventions. */
import type { Attributes, Counter, Histogram, Meter, ObservableGauge } from '@opentelemetry/api'
import type { CallAbout, CallEnd } from '../ports/instrument.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import { Bounded } from '../telemetry/bounded.ts'
import { Now } from '../telemetry/now.ts'
import { record, type Sink } from '../telemetry/record.ts'
import { METRIC_NAMES, type MetricName, metricRow } from '../telemetry/table.ts'
import {
  CONSUMED_MESSAGES,
  DURATION_BUCKETS,
  messaging,
  OPERATION_DURATION,
  otelName,
  PROCESS_DURATION,
  sourceOf,
} from './names.ts'

const MOST_ERRORS = 20

const namesOf = (type: string) => METRIC_NAMES.filter((name) => metricRow(name).type === type)

function attributesOf(name: MetricName, values: readonly string[]): Attributes {
  return Object.fromEntries(metricRow(name).labels.map((label, at) => [`posthorn.${label}`, values[at] ?? '']))
}

export class Meters implements Sink {
  readonly #meter: Meter
  readonly #counters: ReadonlyMap<MetricName, Counter>
  readonly #histograms: ReadonlyMap<MetricName, Histogram>
  readonly #processed: Histogram
  readonly #operated: Histogram
  readonly #consumed: Counter
  /** Codes that handlers make up would be series without end. */
  readonly #errors = new Bounded(MOST_ERRORS)

  constructor(meter: Meter) {
    this.#meter = meter
    const described = (name: MetricName) => ({ description: metricRow(name).help, unit: metricRow(name).unit })
    this.#counters = new Map(
      namesOf('counter').map((name) => [name, meter.createCounter(otelName(name), described(name))]),
    )
    this.#histograms = new Map(
      namesOf('histogram').map((name) => {
        const advice = { explicitBucketBoundaries: [...(metricRow(name).buckets ?? [])] }
        return [name, meter.createHistogram(otelName(name), { ...described(name), advice })]
      }),
    )
    const duration = { unit: 's', advice: { explicitBucketBoundaries: DURATION_BUCKETS } }
    this.#processed = meter.createHistogram(PROCESS_DURATION, duration)
    this.#operated = meter.createHistogram(OPERATION_DURATION, duration)
    this.#consumed = meter.createCounter(CONSUMED_MESSAGES, { unit: '{message}' })
  }

  add(name: MetricName, labels: readonly string[], by: number): void {
    this.#counters.get(name)?.add(by, attributesOf(name, labels))
  }

  observe(name: MetricName, labels: readonly string[], seconds: number): void {
    this.#histograms.get(name)?.record(seconds, attributesOf(name, labels))
  }

  observeAll(name: MetricName, labels: readonly string[], ms: readonly number[]): void {
    const [histogram, attributes] = [this.#histograms.get(name), attributesOf(name, labels)]
    // Negative where the clock of the sender is ahead.
    for (const one of ms) histogram?.record(Math.max(0, one) / 1_000, attributes)
  }

  called({ handler, passes }: CallAbout, { result, error }: CallEnd, ms: number): void {
    if (result === 'returned') return
    const attributes = { ...messaging('process', sourceOf(passes)), 'messaging.consumer.group.name': handler }
    this.#processed.record(ms / 1_000, { ...attributes, ...(error && { 'error.type': this.#errors.of(error.code) }) })
  }

  operated(operation: 'send' | 'settle', source: string | null, code: string | null, ms: number): void {
    this.#operated.record(ms / 1_000, { ...messaging(operation, source), ...(code && { 'error.type': code }) })
  }

  /** Counts and measures until the returned function is called. */
  watch(door: WatchDoor): () => void {
    const now = new Now(door)
    const offs = [record(door, this), this.#watchConsumed(door), this.#watchGauges(now), () => now.end()]
    return () => {
      for (const off of offs) off()
    }
  }

  #watchConsumed(door: WatchDoor): () => void {
    return door.on('settled', ({ claim, end }) => {
      const { events } = end.settlement
      if (events !== null && events > 0) this.#consumed.add(events, messaging('process', claim.delivery.source))
    })
  }

  /** A look at the store for all of a collection. */
  #watchGauges(now: Now): () => void {
    const gauges = new Map<MetricName, ObservableGauge>()
    for (const name of namesOf('gauge')) {
      const { help: description, unit } = metricRow(name)
      gauges.set(name, this.#meter.createObservableGauge(otelName(name), { description, unit }))
    }
    const observed = [...gauges.values()]
    const read = async (result: { observe(gauge: ObservableGauge, value: number, attributes: Attributes): void }) => {
      for (const { name, labels, value } of await now.read()) {
        const gauge = gauges.get(name)
        if (gauge !== undefined) result.observe(gauge, value, attributesOf(name, labels))
      }
    }
    this.#meter.addBatchObservableCallback(read, observed)
    return () => this.#meter.removeBatchObservableCallback(read, observed)
  }
}
