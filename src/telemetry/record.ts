/** From facts to metrics: what is counted and measured as it happens. */
import { codeOf } from '../lib/code-of.ts'
import { quarantineKind } from '../lib/quarantine-kinds.ts'
import type { Facts } from '../ports/telling.ts'
import type { WatchDoor } from '../ports/watch-door.ts'
import { Bounded } from './bounded.ts'
import type { MetricName } from './table.ts'

/** Where it goes. `labels` are in the order of the table. */
export interface Sink {
  add(name: MetricName, labels: readonly string[], by: number): void
  observe(name: MetricName, labels: readonly string[], seconds: number): void
  /** Of one series: those of a delivery are thousands. */
  observeAll(name: MetricName, labels: readonly string[], ms: readonly number[]): void
}

export interface RecordOptions {
  /** Whether events have their native name as a label. */
  readonly names?: boolean | undefined
}

const [MOST_HANDLERS, MOST_ERRORS, MOST_REASONS, MOST_NAMES] = [100, 20, 20, 500]

/** Listens until the returned function is called. */
export function record(door: WatchDoor, sink: Sink, { names = false }: RecordOptions = {}): () => void {
  const handler = new Bounded(MOST_HANDLERS, () => door.handlers())
  const [error, reason, name] = [new Bounded(MOST_ERRORS), new Bounded(MOST_REASONS), new Bounded(MOST_NAMES)]
  /** Negative where a clock was set back meanwhile. */
  const took = (metric: MetricName, labels: readonly string[], ms: number) =>
    sink.observe(metric, labels, Math.max(0, ms) / 1_000)
  const failed = (by: string, code: string) =>
    sink.add('posthorn_attempts_failed_total', [handler.of(by), error.of(code)], 1)
  const received = ({ source, status }: { readonly source: string; readonly status: string }) =>
    sink.add('posthorn_deliveries_total', [source, status], 1)
  const turnedAway = (fact: { readonly source: string; readonly reason: string }) =>
    sink.add('posthorn_auth_refused_total', [fact.source, reason.of(fact.reason)], 1)

  function settled({ claim, end, conflictsWith }: Facts['settled']): void {
    const { source, receivedAt } = claim.delivery
    const { unhandled, quarantined, duplicateEvents = 0 } = end.settlement
    if (claim.rows === null) took('posthorn_settle_seconds', [source], door.now() - receivedAt)
    for (const [by, { done }] of end.handledBy) if (done > 0) sink.add('posthorn_handled_total', [handler.of(by)], done)
    for (const { letter, error: last } of end.dead) {
      sink.add('posthorn_dead_total', [handler.of(letter.handler)], 1)
      failed(letter.handler, codeOf({ code: last?.code ?? last?.name }))
    }
    for (const [native, count] of Object.entries(unhandled))
      sink.add('posthorn_unhandled_total', [source, name.of(native)], count)
    for (const one of quarantined) sink.add('posthorn_quarantined_total', [source, quarantineKind(one)], 1)
    if (duplicateEvents > 0) sink.add('posthorn_duplicate_events_total', [source], duplicateEvents)
    if (conflictsWith !== null) sink.add('posthorn_batch_conflicts_total', [source], 1)
  }

  function read({ source, counts: { types, bounces, lateMs } }: Facts['read']): void {
    for (const [type, natives] of types)
      for (const [native, count] of natives)
        sink.add('posthorn_events_total', names ? [source, type, name.of(native)] : [source, type], count)
    for (const [kind, count] of bounces) sink.add('posthorn_bounces_total', [source, kind], count)
    sink.observeAll('posthorn_event_late_seconds', [source], lateMs)
  }

  const offs = [
    door.on('stored', (fact) => {
      received(fact)
      sink.add('posthorn_received_bytes_total', [fact.source], fact.bytes)
      took('posthorn_ack_seconds', [fact.source], fact.ackMs)
    }),
    door.on('kept', (fact) => {
      received(fact)
      sink.add('posthorn_received_bytes_total', [fact.source], fact.bytes)
    }),
    door.on('probed', ({ source }) => received({ source, status: 'probe' })),
    door.on('refused', ({ source, code }) => sink.add('posthorn_refused_total', [source ?? 'none', code], 1)),
    door.on('turnedAway', turnedAway),
    door.on('tokenRefused', turnedAway),
    door.on('senderLeft', ({ source }) => sink.add('posthorn_senders_left_total', [source], 1)),
    door.on('failed', ({ handler: by, error: thrown }) => failed(by, codeOf(thrown))),
    door.on('called', ({ handler: by, result, ms }) => {
      if (result !== 'returned') took('posthorn_handler_seconds', [handler.of(by), result], ms)
    }),
    door.on('settled', settled),
    door.on('read', read),
  ]
  return () => {
    for (const off of offs) off()
  }
}
