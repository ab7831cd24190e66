/** Every metric, once: its name is public, and so are its labels. `posthorn/prometheus` and `posthorn/otel` show these. */

export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram, in seconds. */
  readonly buckets?: readonly number[]
  /** As OpenTelemetry writes it. */
  readonly unit: string
  /** How values of several receivers in one registry become one. Absent: their sum. */
  readonly join?: 'max' | 'min'
}

const row = (type: MetricRow['type'], unit: string, labels: string, help: string, more: Partial<MetricRow> = {}) => ({
  ...{ type, unit, help, labels: labels === '' ? [] : labels.split(' ') },
  ...more,
})

const counter = (unit: string, labels: string, help: string) => row('counter', unit, labels, help)
const gauge = (unit: string, labels: string, help: string, join?: MetricRow['join']) =>
  row('gauge', unit, labels, help, join && { join })
const seconds = (labels: string, help: string, buckets: readonly number[]) =>
  row('histogram', 's', labels, help, { buckets })

/** The last ones are the time limits of senders: 5 s of the eSputnik block, 6 of Momentum, 10 of SparkPost. */
const ACK = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 6, 10]
const LATE = [1, 10, 60, 600, 3_600, 21_600, 86_400]
const SETTLE = [0.01, 0.1, 1, 10, 60, 600, 3_600]
const HANDLER = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60]

export const METRICS = {
  posthorn_deliveries_total: counter('{delivery}', 'source result', 'Deliveries: accepted, duplicate or probe'),
  posthorn_refused_total: counter('{request}', 'source code', 'Requests that got another answer than 200, by its code'),
  posthorn_auth_refused_total: counter('{request}', 'source reason', 'Requests that were not let in'),
  posthorn_received_bytes_total: counter('By', 'source', 'Bytes of bodies, after the content coding'),
  posthorn_senders_left_total: counter('{request}', 'source', 'Senders that hung up before their answer'),
  posthorn_batch_conflicts_total: counter('{delivery}', 'source', 'One batch id with different bytes'),
  posthorn_duplicate_events_total: counter('{event}', 'source', 'Events that were absorbed as copies'),
  posthorn_ack_seconds: seconds('source', 'From the last byte of a body to its answer', ACK),
  posthorn_ack_limit_seconds: gauge('s', 'source', 'When the sender hangs up and repeats', 'max'),
  posthorn_events_total: counter('{event}', 'source type', 'Events read, by normalised type; tests left out'),
  posthorn_bounces_total: counter('{event}', 'source kind', 'Events with a bounce, by its kind'),
  posthorn_event_late_seconds: seconds('source', 'From what happened to its receipt', LATE),
  posthorn_settle_seconds: seconds('source', 'From the receipt of a delivery to the end of its first pass', SETTLE),
  posthorn_handled_total: counter('{event}', 'handler', 'Events that a handler was called for with success'),
  posthorn_attempts_failed_total: counter('{event}', 'handler error', 'Failed attempts, by the code of the error'),
  posthorn_dead_total: counter('{event}', 'handler', 'Events that a handler failed for good'),
  posthorn_handler_seconds: seconds('handler result', 'Calls of a handler', HANDLER),
  posthorn_unhandled_total: counter('{event}', 'source name', 'Events that no handler asks for, by native name'),
  posthorn_quarantined_total: counter('{item}', 'source reason', 'What could not be read, or killed the process'),
  posthorn_backlog_deliveries: gauge('{delivery}', '', 'Deliveries with work left'),
  posthorn_backlog_bytes: gauge('By', '', 'Bodies of deliveries whose first pass has not ended'),
  posthorn_backlog_oldest_timestamp_seconds: gauge('s', '', 'Receipt of the oldest delivery with work left', 'min'),
  posthorn_dead_letters: gauge('{event}', '', 'Dead letters that stand'),
  posthorn_quarantine_items: gauge('{item}', '', 'What is in quarantine'),
  posthorn_orphaned_rows: gauge('{row}', 'handler', 'Work of handlers that are gone'),
  posthorn_handler_paused: gauge('1', 'handler by', 'Whether a handler is paused, by hand or by failures', 'max'),
  posthorn_last_delivery_timestamp_seconds: gauge(
    's',
    'source',
    'The last delivery, also to an earlier process',
    'max',
  ),
  posthorn_credential_last_used_timestamp_seconds: gauge(
    ...([
      's',
      'source credential place',
      'Last use, also in an earlier process; place: first or later in its list',
      'max',
    ] as const),
  ),
  posthorn_ready: gauge('1', '', 'Whether a delivery would be accepted now; absent where the role takes none', 'min'),
  posthorn_inbox_bytes: gauge('By', 'file', 'Files of the inbox: db and wal', 'max'),
  posthorn_disk_free_bytes: gauge('By', '', 'Free space where the inbox lies', 'min'),
  posthorn_disk_size_bytes: gauge('By', '', 'Size of the disk where the inbox lies', 'min'),
  posthorn_info: gauge('1', 'version inbox sqlite node', 'Versions', 'max'),
} as const satisfies Record<string, MetricRow>

export type MetricName = keyof typeof METRICS
/** In the order in which they are shown. */
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[]
export const metricRow = (name: MetricName): MetricRow => METRICS[name]
