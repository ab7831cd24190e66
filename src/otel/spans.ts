/** Spans of the four pieces of work. No address, no URL and no subject is on any. */
import {
  type Context,
  context,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type {
  CallAbout,
  CallEnd,
  PassAbout,
  PassSummary,
  SettleAbout,
  SettleEnd,
  StoreAbout,
  StoreEnd,
} from '../ports/instrument.ts'
import { messaging, sourceOf } from './names.ts'

/** Calls that take longer have a span of their own, whatever `spans` says. */
const SLOW_MS = 1_000
const MOST_LINKS = 32

type Run<E> = () => Promise<E>

export class Spans {
  readonly #tracer: Tracer
  /** Whether each call has a span, not only those that fail or are slow. */
  readonly #each: boolean
  readonly #passes = new WeakMap<PassAbout, Context>()

  constructor(tracer: Tracer, each: boolean) {
    this.#tracer = tracer
    this.#each = each
  }

  /** Below the span of the host's request. */
  store(
    { source, deliveryId, bytes }: StoreAbout,
    run: (traceparent?: string) => Promise<StoreEnd>,
  ): Promise<StoreEnd> {
    const attributes = {
      ...messaging('send', source),
      'messaging.message.body.size': bytes,
      'posthorn.delivery.id': deliveryId,
    }
    const options = { kind: SpanKind.PRODUCER, attributes }
    const traced = () => run(traceparentOf(trace.getSpanContext(context.active())))
    return this.#around(`send ${source}`, options, context.active(), traced, (span, { status, code }) => {
      span.setAttribute('posthorn.result', status)
      if (code !== null) failed(span, code)
    })
  }

  /** A root with a link to what was stored: the request is over, or was in another process, days ago. */
  pass(about: PassAbout, run: Run<PassSummary>): Promise<PassSummary> {
    const { source, deliveryId, first, run: replay, traceparent } = about
    const attributes = {
      ...messaging('process', source),
      'posthorn.delivery.id': deliveryId,
      'posthorn.first_pass': first,
      ...(replay === null ? {} : { 'posthorn.run': replay }),
    }
    const stored = linkTo(traceparent)
    const options = { kind: SpanKind.CONSUMER, attributes, root: true, links: stored === null ? [] : [stored] }
    const inside = () => {
      this.#passes.set(about, context.active())
      return run()
    }
    return this.#around(`process ${source}`, options, ROOT_CONTEXT, inside, (span, summary) => {
      if (summary.end === 'lost') return failed(span, 'lost')
      const { events, handled, dead, quarantined } = summary
      if (events !== null) span.setAttribute('messaging.batch.message_count', events)
      span.setAttributes({ 'posthorn.handled': handled, 'posthorn.dead': dead, 'posthorn.quarantined': quarantined })
    })
  }

  call(about: CallAbout, run: Run<CallEnd>): Promise<CallEnd> {
    const [first, ...others] = about.passes
    const parent = this.#contextOf(first)
    const options = { kind: SpanKind.INTERNAL, attributes: attributesOf(about), links: this.#linksTo(others) }
    const name = `process ${about.handler}`
    if (this.#each) return this.#around(name, options, parent, run, endCall)
    const startTime = Date.now()
    const begun = performance.now()
    return context.with(parent, run).then((end) => {
      if (end.result !== 'failed' && performance.now() - begun <= SLOW_MS) return end
      const span = this.#tracer.startSpan(name, { ...options, startTime }, parent)
      endCall(span, end)
      span.end()
      return end
    })
  }

  /** Below its pass, or with links to several. */
  settle({ passes }: SettleAbout, run: Run<SettleEnd>): Promise<SettleEnd> {
    const [first, ...others] = passes
    const isOne = others.length === 0
    const source = sourceOf(passes)
    const attributes = { ...messaging('settle', source), 'messaging.batch.message_count': passes.length }
    const links = isOne ? [] : this.#linksTo(passes)
    const name = source === null ? 'settle' : `settle ${source}`
    const parent = isOne ? this.#contextOf(first) : ROOT_CONTEXT
    return this.#around(name, { kind: SpanKind.CLIENT, attributes, links }, parent, run, (span, end) => {
      if (end.failed > 0) failed(span, 'not_stored')
    })
  }

  #contextOf(about: PassAbout | undefined): Context {
    return (about && this.#passes.get(about)) ?? ROOT_CONTEXT
  }

  #linksTo(passes: readonly PassAbout[]): Link[] {
    return passes.slice(0, MOST_LINKS).flatMap((about) => {
      const span = trace.getSpanContext(this.#contextOf(about))
      return span === undefined ? [] : { context: span }
    })
  }

  #around<E>(name: string, options: SpanOptions, parent: Context, run: Run<E>, ended: (span: Span, end: E) => void) {
    const span = this.#tracer.startSpan(name, options, parent)
    return context.with(trace.setSpan(parent, span), run).then((end) => {
      try {
        ended(span, end)
      } finally {
        span.end()
      }
      return end
    })
  }
}

function traceparentOf(span: SpanContext | undefined): string | undefined {
  if (span === undefined || !isSpanContextValid(span)) return undefined
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`
}

/** null: it names no span. The inbox is not ours alone, and ids of zeros are none. */
function linkTo(traceparent: string | null): Link | null {
  const [, traceId, spanId, flags] = /^00-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return isSpanContextValid(context) ? { context } : null
}

function attributesOf({ handler, attempt, events }: CallAbout) {
  const [first] = events
  const one = first && events.length === 1 && { 'posthorn.event.id': first.id, 'posthorn.event.type': first.type }
  return {
    ...messaging('process', null),
    'messaging.consumer.group.name': handler,
    'messaging.batch.message_count': events.length,
    'posthorn.attempt': attempt,
    ...one,
  }
}

/** The exception has no message: it may quote an address. */
function endCall(span: Span, { result, error }: CallEnd): void {
  span.setAttribute('posthorn.result', result)
  if (error === null) return
  span.addEvent('exception', { 'exception.type': error.name, 'posthorn.error.code': error.code })
  failed(span, error.code)
}

function failed(span: Span, code: string): void {
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
