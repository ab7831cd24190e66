/** Spans and metrics of a receiver, through the real SDK. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { context, metrics, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, type Instrument, OptionError, PermanentError } from '../../src/index.ts'
import { port } from '../../src/lib/symbols.ts'
import { otel } from '../../src/otel/index.ts'
import { otelName } from '../../src/otel/names.ts'
import { METRIC_NAMES } from '../../src/telemetry/table.ts'
import { send } from '../support/neutral.ts'
import { toy } from '../support/toy.ts'

let exporter: InMemorySpanExporter
let tracer: ReturnType<TracerProvider['getTracer']>
let meters: InMemoryMetricExporter
let reader: PeriodicExportingMetricReader
const open: { close(options?: object): Promise<unknown> }[] = []

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  trace.setGlobalTracerProvider(provider)
  tracer = provider.getTracer('test')
  meters = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  reader = new PeriodicExportingMetricReader({ exporter: meters, exportIntervalMillis: 2 ** 30 })
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
})

afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.close({ timeoutMs: 0 })
  for (const api of [context, trace, metrics, propagation]) api.disable()
})

function receiving(options: object = {}) {
  const inbox = memory()
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: false, instrument: otel(), ...options })
  open.push(receiver)
  return { receiver, inbox: inbox[port] }
}

const spans = () => exporter.getFinishedSpans()
const named = (name: string) => spans().filter((span) => span.name === name)
const one = (name: string): ReadableSpan => {
  const [span, ...others] = named(name)
  if (span === undefined || others.length > 0) expect.fail(`${name}: ${spans().map((found) => found.name)}`)
  return span
}
const parentOf = (span: ReadableSpan) => span.parentSpanContext?.spanId

describe('the spans of a delivery', () => {
  it('are: stored below the request, worked on from a root, settled below that', async () => {
    const { receiver } = receiving()
    receiver.on('*', { name: 'any' }, () => {})
    const { id } = await tracer.startActiveSpan('POST', async (span) => {
      const { json } = await send(receiver, { body: '[{"type":"ping"},{"type":"pong"}]' })
      span.end()
      return json
    })
    await receiver.whenIdle()
    expect(
      spans()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['POST', 'process shop', 'send shop', 'settle shop'])
    const [request, stored, work, settled] = ['POST', 'send shop', 'process shop', 'settle shop'].map(one)
    expect(parentOf(stored as ReadableSpan)).toBe(request?.spanContext().spanId)
    expect(parentOf(work as ReadableSpan)).toBeUndefined()
    expect(work?.spanContext().traceId).not.toBe(request?.spanContext().traceId)
    expect(work?.links.map((link) => link.context.spanId)).toEqual([stored?.spanContext().spanId])
    expect(parentOf(settled as ReadableSpan)).toBe(work?.spanContext().spanId)
    expect([stored, work, settled].map((span) => span?.kind)).toEqual([
      SpanKind.PRODUCER,
      SpanKind.CONSUMER,
      SpanKind.CLIENT,
    ])
    expect(stored?.attributes).toEqual({
      'messaging.system': 'posthorn',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'shop',
      'messaging.message.body.size': 33,
      'posthorn.delivery.id': id,
      'posthorn.result': 'accepted',
    })
    expect(work?.attributes).toMatchObject({
      'messaging.batch.message_count': 2,
      'posthorn.delivery.id': id,
      'posthorn.handled': 2,
      'posthorn.first_pass': true,
    })
  })

  it('say what was refused, and what could not be stored in the end', async () => {
    const { receiver, inbox } = receiving()
    await receiver.start()
    vi.spyOn(inbox.intake, 'accept').mockRejectedValue(new Error('jo@shop.example'))
    await send(receiver)
    expect(one('send shop')).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'storage_failed', 'posthorn.result': 'refused' },
    })
  })

  it('of a retry is a root of its own', async () => {
    const { receiver } = receiving()
    let calls = 0
    receiver.on('*', { name: 'once', retry: { attempts: 2, minMs: 0, maxMs: 0 } }, () => {
      if (calls++ === 0) throw new Error('no')
    })
    await send(receiver)
    await vi.waitFor(() => expect(named('process shop')).toHaveLength(2))
    const passes = named('process shop')
    expect(passes.map(({ attributes }) => attributes['posthorn.first_pass'])).toEqual([true, false])
    expect(new Set(passes.map((span) => span.spanContext().traceId)).size).toBe(2)
  })
})

it('links the work to the request that brought it, also after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-otel-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'inbox.db')
  const first = receiving({ inbox: sqlite({ path }), role: 'receive' }).receiver
  await send(first)
  await first.close()
  const second = receiving({ inbox: sqlite({ path }) }).receiver
  second.on('*', { name: 'any' }, () => {})
  await second.start()
  await second.whenIdle()
  const { traceId, spanId } = one('send shop').spanContext()
  expect(one('process shop').links).toMatchObject([{ context: { traceId, spanId, isRemote: true } }])
  await second.close()
})

it.each([
  ['a trace of zeros', '00-00000000000000000000000000000000-0000000000000001-01'],
  ['a span of zeros', '00-0000000000000000000000000000000a-0000000000000000-01'],
  ['no digits', `00-${'z'.repeat(32)}-${'z'.repeat(16)}-01`],
  ['an address', 'jo@shop.example'],
  ['a megabyte', 'x'.repeat(1_000_000)],
  ['what is no text', { toString: () => `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }],
])('links the work to nothing where %s was given as its trace', async (_what, given) => {
  const store: Instrument['store'] = (_about, run) => run(given as string)
  const { receiver } = receiving({ instrument: { ...otel(), store } })
  receiver.on('*', { name: 'any' }, () => {})
  expect((await send(receiver)).status).toBe(200)
  await receiver.whenIdle()
  expect(one('process shop').links).toEqual([])
})

it('links to nothing, whatever else an inbox says of where it came from', () => {
  const pass = otel().pass as NonNullable<Instrument['pass']>
  const about = { source: 'shop', deliveryId: 'd', receivedAt: new Date(0), first: true, run: null }
  const settled = { end: 'settled', events: 1, handled: 1, dead: 0, quarantined: 0 } as const
  for (const traceparent of [`00-${'_'.repeat(32)}-${'_'.repeat(16)}-zz`, '', 5, {}, []])
    pass({ ...about, traceparent } as never, async () => settled)
  return vi.waitFor(() => expect(named('process shop').map(({ links }) => links)).toEqual([[], [], [], [], []]))
})

describe('the calls of handlers', () => {
  const fails = () => {
    throw Object.assign(new PermanentError('jo@shop.example has moved'), { code: 'EMOVED' })
  }

  it('run inside the span of their delivery; one that fails has its own, without a message', async () => {
    const { receiver } = receiving()
    let inner: string | undefined
    receiver.on('toy.ping', { name: 'works' }, async () => {
      await null
      tracer.startSpan('SELECT').end()
      inner = trace.getActiveSpan()?.spanContext().spanId
    })
    receiver.on('toy.ping', { name: 'fails' }, fails)
    await send(receiver, { body: '[{"type":"ping","to":"jo@shop.example"}]' })
    await receiver.whenIdle()
    const work = one('process shop')
    expect([parentOf(one('SELECT')), inner]).toEqual([work.spanContext().spanId, work.spanContext().spanId])
    expect(named('process works')).toEqual([])
    const failed = one('process fails')
    expect(parentOf(failed)).toBe(work.spanContext().spanId)
    expect(failed.attributes).toMatchObject({
      'messaging.consumer.group.name': 'fails',
      'posthorn.attempt': 1,
      'posthorn.event.type': 'opened',
      'error.type': 'EMOVED',
    })
    expect(failed.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'PermanentError', 'posthorn.error.code': 'EMOVED' } },
    ])
    const shown = spans().map(({ name, attributes, events, links, status }) => ({
      name,
      attributes,
      events,
      links,
      status,
    }))
    expect(JSON.stringify(shown)).not.toMatch(/jo@|example|moved/)
  })

  it('have one each where that is asked for, and what they call nests there', async () => {
    const { receiver } = receiving({ instrument: otel({ spans: 'event' }) })
    receiver.on('toy.ping', { name: 'works' }, async () => {
      await null
      tracer.startSpan('SELECT').end()
    })
    await send(receiver, { body: '[{"type":"ping"},{"type":"ping"}]' })
    await receiver.whenIdle()
    const calls = named('process works')
    expect(calls).toHaveLength(2)
    expect(named('SELECT').map(parentOf).sort()).toEqual(calls.map((span) => span.spanContext().spanId).sort())
    for (const call of calls) expect(parentOf(call)).toBe(one('process shop').spanContext().spanId)
  })

  it('of a batch lie below the first of its deliveries, with links to the others', async () => {
    const { receiver } = receiving({ instrument: otel({ spans: 'event' }) })
    receiver.onBatch('*', { name: 'batch', size: 2 }, () => {})
    await Promise.all([send(receiver), send(receiver, { body: '[{"type":"pong"}]' })])
    await receiver.whenIdle()
    const passes = named('process shop').map((span) => span.spanContext().spanId)
    const call = one('process batch')
    expect(call.attributes['messaging.batch.message_count']).toBe(2)
    expect([parentOf(call), ...call.links.map((link) => link.context.spanId)].sort()).toEqual(passes.sort())
  })
})

describe('the metrics', () => {
  async function collected() {
    await reader.forceFlush()
    const all =
      meters
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
    return new Map(all.map((metric) => [metric.descriptor.name, metric]))
  }

  it('are those of the table, and those of the semantic conventions', async () => {
    const { receiver } = receiving()
    receiver.on('toy.ping', { name: 'works' }, () => {})
    await send(receiver, { body: '[{"type":"ping"},{"type":"ping"}]' })
    await receiver.whenIdle()
    const found = await collected()
    const at = (name: string) => found.get(name)?.dataPoints.map(({ attributes, value }) => ({ attributes, value }))
    expect(at('posthorn.deliveries')).toEqual([
      { attributes: { 'posthorn.source': 'shop', 'posthorn.result': 'accepted' }, value: 1 },
    ])
    expect(at('posthorn.ready')).toEqual([{ attributes: {}, value: 1 }])
    expect(found.get('posthorn.ack')).toMatchObject({
      descriptor: { unit: 's' },
      dataPoints: [{ value: { count: 1, buckets: { boundaries: expect.arrayContaining([6, 10]) } } }],
    })
    const group = { 'messaging.destination.name': 'shop', 'messaging.consumer.group.name': 'works' }
    expect(found.get('messaging.process.duration')?.dataPoints).toMatchObject([
      { attributes: { ...group, 'messaging.operation.name': 'process' }, value: { count: 2 } },
    ])
    expect(at('messaging.client.consumed.messages')).toMatchObject([{ value: 2 }])
    const operations = found.get('messaging.client.operation.duration')?.dataPoints
    expect(operations?.map(({ attributes }) => attributes['messaging.operation.name'])).toEqual(['send', 'settle'])
    // Named alike, with the unit beside the name.
    const known = new Set(METRIC_NAMES.map(otelName))
    expect(known.size).toBe(METRIC_NAMES.length)
    expect([...found.keys()].filter((name) => !known.has(name) && !name.startsWith('messaging.'))).toEqual([])
  })

  it('have no more series for all the codes that handlers make up, and nothing of anybody', async () => {
    const { receiver } = receiving()
    receiver.on('toy.ping', { name: 'fails', retry: { attempts: 1 } }, (event) => {
      throw Object.assign(new Error('jo@shop.example'), { name: 'jo@shop.example', code: `E${event.id.slice(-6)}` })
    })
    const body = Array.from({ length: 60 }, (_, n) => ({
      ...{ type: 'ping', n, to: 'jo@shop.example', subject: 'Hello Jo', url: 'https://shop.example/x' },
    }))
    await send(receiver, { body: JSON.stringify(body) })
    await receiver.whenIdle()
    const found = await collected()
    expect(found.get('messaging.process.duration')?.dataPoints).toHaveLength(21)
    expect(found.get('posthorn.attempts_failed')?.dataPoints).toHaveLength(21)
    const points = [...found.values()].flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes))
    const shown = spans().map(({ name, attributes, events, links, status }) => [
      name,
      attributes,
      events,
      links,
      status,
    ])
    expect(JSON.stringify([points, shown])).not.toMatch(/jo@|example|Hello|https:/)
  })

  it('name a source where there is one: a batch of several has none', async () => {
    const sources = { shop: toy(), news: toy() }
    const { receiver } = receiving({ sources, instrument: otel({ spans: 'event' }) })
    receiver.onBatch('*', { name: 'batch', size: 2 }, () => {})
    await Promise.all([send(receiver), send(receiver, { target: '/news', body: '[{"type":"pong"}]' })])
    await receiver.whenIdle()
    const points = (await collected()).get('messaging.process.duration')?.dataPoints ?? []
    expect(points.map(({ attributes }) => attributes['messaging.destination.name'])).toEqual([undefined])
    const settled = named('settle').length + named('settle shop').length + named('settle news').length
    const operated = (await collected()).get('messaging.client.operation.duration')?.dataPoints ?? []
    const settles = operated.filter(({ attributes }) => attributes['messaging.operation.name'] === 'settle')
    const bySource = (source: string) =>
      settles.filter(({ attributes }) => attributes['messaging.destination.name'] === source)
    expect(settled).toBeGreaterThan(0)
    for (const source of ['shop', 'news']) expect(bySource(source)).toHaveLength(named(`settle ${source}`).length)
  })

  it('end with the receiver', async () => {
    const { receiver, inbox } = receiving()
    await receiver.start()
    const stats = vi.spyOn(inbox.records, 'stats')
    await collected()
    expect(stats).toHaveBeenCalled()
    await receiver.close()
    stats.mockClear()
    await collected()
    expect(stats).not.toHaveBeenCalled()
  })

  it('may be all there is, or may be left out', async () => {
    const { receiver } = receiving({ instrument: otel({ tracer: false }) })
    await send(receiver)
    const other = receiving({ instrument: otel({ meter: false }) })
    await send(other.receiver)
    await Promise.all([receiver.whenIdle(), other.receiver.whenIdle()])
    expect(named('send shop')).toHaveLength(1)
    expect((await collected()).get('posthorn.deliveries')?.dataPoints).toMatchObject([{ value: 1 }])
  })
})

it('works where no SDK is registered', async () => {
  for (const api of [context, trace, metrics]) api.disable()
  const { receiver } = receiving()
  let calls = 0
  receiver.on('*', { name: 'counts' }, () => void calls++)
  expect((await send(receiver)).status).toBe(200)
  await receiver.whenIdle()
  expect([calls, trace.getSpan(ROOT_CONTEXT)]).toEqual([1, undefined])
})

it.each([null, 5, { spans: 'all' }, { tracer: {} }, { meter: 5 }, { name: 'x' }])(
  'takes no options such as %j',
  (options) => {
    expect(() => otel(options as never)).toThrow(OptionError)
  },
)
