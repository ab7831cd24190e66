/** Traces and metrics for OpenTelemetry: exported as `posthorn/otel`. Needs `@opentelemetry/api`. */
import { type Meter, metrics, type Tracer, trace } from '@opentelemetry/api'
import { OptionError } from '../errors.ts'
import { keysOf, kindOf, knownKeys, oneOf } from '../lib/options.ts'
import { watchDoor } from '../lib/symbols.ts'
import type { Instrument } from '../ports/instrument.ts'
import { version } from '../telemetry/version.ts'
import { Meters } from './meters.ts'
import { SCHEMA_URL, sourceOf } from './names.ts'
import { Spans } from './spans.ts'

export interface OtelOptions {
  /** Default: that of the global provider, called `posthorn`. `false`: no spans. */
  readonly tracer?: Tracer | false
  /** Default: that of the global provider, called `posthorn`. `false`: no metrics. */
  readonly meter?: Meter | false
  /** Which calls of handlers have a span: those that fail or take over a second (`delivery`, default), or all (`event`). */
  readonly spans?: 'delivery' | 'event'
}

const KEYS = keysOf<OtelOptions>({ tracer: true, meter: true, spans: true })

/**
 * What `createReceiver({ instrument })` takes: spans of storing, of the work on a delivery, of calls of handlers and of
 * settlements, and the metrics of docs/metrics.md. Handlers run inside the span of their call, or of their delivery, so
 * that what they call nests. Make one for each receiver, once the SDK is registered.
 *
 * @example
 * createReceiver({ inbox, sources, instrument: otel() })
 * @throws OptionError for options that are none
 */
export function otel(options: OtelOptions = {}): Instrument {
  knownKeys('otel', options, KEYS)
  const each = oneOf('otel: spans', options.spans, 'delivery', ['delivery', 'event']) === 'event'
  const tracer = options.tracer ?? trace.getTracerProvider().getTracer('posthorn', version, { schemaUrl: SCHEMA_URL })
  const meter = options.meter ?? metrics.getMeter('posthorn', version, { schemaUrl: SCHEMA_URL })
  check('tracer', tracer, 'startSpan')
  check('meter', meter, 'createCounter')
  const spans = tracer === false ? null : new Spans(tracer, each)
  const meters = meter === false ? null : new Meters(meter)
  return instrumentOf(spans, meters)
}

function check(name: string, given: object | false, method: string): void {
  if (given !== false && typeof Reflect.get(Object(given), method) !== 'function')
    throw new OptionError(`otel: ${name} must be one of @opentelemetry/api, or false; got ${kindOf(given)}`)
}

function instrumentOf(spans: Spans | null, meters: Meters | null): Instrument {
  const traced: Instrument =
    spans === null
      ? {}
      : {
          store: (about, run) => spans.store(about, run),
          pass: (about, run) => spans.pass(about, run),
          call: (about, run) => spans.call(about, run),
          settle: (about, run) => spans.settle(about, run),
        }
  return meters === null
    ? traced
    : { ...traced, ...measured(meters, traced), [watchDoor]: (door) => meters.watch(door) }
}

/** The durations of the semantic conventions, around what is traced. */
function measured(meters: Meters, { store, call, settle }: Instrument): Instrument {
  return {
    store: (about, run) => {
      const since = performance.now()
      const timed = async (traceparent?: string) => {
        const end = await run(traceparent)
        meters.operated('send', about.source, end.code, performance.now() - since)
        return end
      }
      return store === undefined ? timed() : store(about, timed)
    },
    call: (about, run) => {
      const since = performance.now()
      const timed = async () => {
        const end = await run()
        meters.called(about, end, performance.now() - since)
        return end
      }
      return call === undefined ? timed() : call(about, timed)
    },
    settle: (about, run) => {
      const since = performance.now()
      const timed = async () => {
        const end = await run()
        const code = end.failed > 0 ? 'not_stored' : null
        meters.operated('settle', sourceOf(about.passes), code, performance.now() - since)
        return end
      }
      return settle === undefined ? timed() : settle(about, timed)
    },
  }
}
