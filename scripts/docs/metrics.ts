/** The table of metrics in `docs/metrics.md`. */
import { METRIC_NAMES, metricRow } from '../../src/telemetry/table.ts'
import { code, codes, table } from './markdown.ts'

export function renderMetrics(): string {
  const rows = METRIC_NAMES.map((name) => {
    const { type, labels, help, buckets } = metricRow(name)
    return [code(name), type, codes(labels), buckets === undefined ? help : `${help}; up to ${buckets.join(', ')} s`]
  })
  return table(['metric', 'type', 'labels', 'meaning'], rows)
}
