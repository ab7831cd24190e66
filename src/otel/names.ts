/** Names of the semantic conventions, and how our own metrics are called there. */
import type { Attributes } from '@opentelemetry/api'
import type { MetricName } from '../telemetry/table.ts'

/**
 * The version whose names are used. Its messaging names are in development: they may change with another version here,
 * our own (`posthorn.…`) do not.
 */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.44.0'

export const PROCESS_DURATION = 'messaging.process.duration'
export const CONSUMED_MESSAGES = 'messaging.client.consumed.messages'
export const OPERATION_DURATION = 'messaging.client.operation.duration'

/** As the conventions advise for the durations of messaging, in seconds. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]

/** `posthorn_ack_seconds` is `posthorn.ack`: the unit stands beside the name there. */
export const otelName = (name: MetricName): string =>
  name.replace(/^posthorn_/, 'posthorn.').replace(/(_seconds|_total)$/, '')

type Operation = 'send' | 'process' | 'settle'

/** null: of several. */
export function sourceOf(passes: ReadonlyArray<{ readonly source: string }>): string | null {
  const [one, ...others] = new Set(passes.map(({ source }) => source))
  return others.length === 0 ? (one ?? null) : null
}

/** What all of messaging has. `source` null: of several. */
export function messaging(operation: Operation, source: string | null): Attributes {
  return {
    'messaging.system': 'posthorn',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    ...(source === null ? {} : { 'messaging.destination.name': source }),
  }
}
