/** What became of a batch that failed at least once: `GET /v1/webhooks/{id}/batch-status`. */

export interface BatchStatus {
  /** Hexadecimal digits, where the header of the batch has a UUID; 31 or 32 of them in the documents. */
  readonly batchId: string
  /** Null where the sender prints no time. */
  readonly at: Date | null
  readonly attempts: number
  /** Status of the last answer, or the code of what went wrong with the connection; null where it says none. */
  readonly responseCode: string | null
  /** Null when the last attempt was a success. */
  readonly failureCode: string | null
  readonly latencyMs: number | null
  /** Number of its events; null where the sender does not say. */
  readonly events: number | null
}

/** Codes are texts today and were numbers in 2016. */
export function batchStatusFrom(wire: Readonly<Record<string, unknown>>): BatchStatus {
  const at = new Date(String(wire.ts))
  return {
    batchId: String(wire.batch_id ?? ''),
    at: Number.isNaN(at.getTime()) ? null : at,
    attempts: numberOf(wire.attempts) ?? 0,
    responseCode: codeOf(wire.response_code),
    failureCode: codeOf(wire.failure_code),
    latencyMs: numberOf(wire.latency),
    events: numberOf(wire.batch_size),
  }
}

const codeOf = (value: unknown): string | null => (value === undefined || value === null ? null : String(value))

const numberOf = (value: unknown): number | null => {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}
