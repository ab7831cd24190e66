/** Who listens to a receiver that is measured: nobody, Prometheus, or OpenTelemetry with its own SDK. */
import { context, type Meter, type Tracer } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { type SpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Instrument } from 'posthorn'
import { otel } from 'posthorn/otel'
import { metrics } from 'posthorn/prometheus'
import { Registry } from 'prom-client'
import type { Listener } from './plan.ts'

/** Spans are made and ended, and go nowhere: what an exporter costs is the exporter's. */
const nowhere: SpanProcessor = {
  onStart() {},
  onEnd() {},
  async forceFlush() {},
  async shutdown() {},
}

const SCRAPED_MS = 1_000

function tracer(): Tracer {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return new TracerProvider({ spanProcessors: [nowhere] }).getTracer('bench')
}

function meter(): Meter {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 })
  return new MeterProvider({ readers: [reader] }).getMeter('bench')
}

export function instrumentOf(listener: Listener | undefined): Instrument | undefined {
  if (listener === 'spans') return otel({ tracer: tracer(), meter: false })
  if (listener === 'spans of events') return otel({ tracer: tracer(), meter: false, spans: 'event' })
  if (listener === 'otel metrics') return otel({ tracer: false, meter: meter() })
  return undefined
}

/** Scraped each second, which is fifteen times as often as Prometheus does by itself. Returns how that ends. */
export function listenTo(receiver: Parameters<typeof metrics>[0], listener: Listener | undefined): () => void {
  if (listener !== 'prometheus') return () => {}
  const register = new Registry()
  metrics(receiver, { register })
  const timer = setInterval(() => void register.metrics(), SCRAPED_MS)
  return () => clearInterval(timer)
}
