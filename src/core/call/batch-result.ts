/** What a batch handler returned: which events failed, if any did. */
import { PosthornError } from '../../errors.ts'
import { thrown } from '../../lib/thrown.ts'
import type { Outcome } from './attempt.ts'

/**
 * The events that are named as failed, `ids` being all there were.
 * @throws where what was returned says that something failed, but not which event; and where it cannot be read: users'
 * objects may throw when they are looked at
 */
export function failuresOf(handler: string, ids: readonly string[], value: unknown): ReadonlyMap<string, Outcome> {
  const { failed } = fieldsOf(value)
  if (Array.isArray(failed) && failed.every((one) => ids.includes(one?.id)))
    return new Map(failed.map(({ id, error }) => [id, { end: 'failed', error: thrown(error) }]))
  const doubt = doubtOf(value)
  if (doubt !== null) throw unclear(handler, doubt)
  return NONE
}

const NONE: ReadonlyMap<string, Outcome> = new Map()

interface Doubt {
  readonly what: string
  readonly cause?: unknown
}

/** What looks as if something had failed: of `Promise.allSettled`, of AWS Lambda, of bulk inserts. */
function doubtOf(value: unknown): Doubt | null {
  if (value === false) return { what: 'false' }
  const rejected = Array.isArray(value) ? value.find((one) => fieldsOf(one).status === 'rejected') : undefined
  if (rejected !== undefined) return { what: "items with status 'rejected'", cause: rejected.reason }
  const fields = fieldsOf(value)
  const named = ['failed', 'failures', 'batchItemFailures'].find((name) => !isNone(fields[name]))
  return named === undefined ? null : { what: `a field ${named} that does not name events of the batch` }
}

/** Databases count the failed, or list them. */
const isNone = (failed: unknown) => !failed || (Array.isArray(failed) && failed.length === 0)

function unclear(handler: string, { what, ...cause }: Doubt): PosthornError {
  const message = `handler "${handler}" returned ${what}: its batch has failed; return { failed: [{ id, error }] } to name events`
  return new PosthornError('ERR_HANDLER_BATCH', message, cause)
}

/** An object, or what has no fields. */
function fieldsOf(value: unknown): { readonly status?: unknown; readonly [field: string]: unknown } {
  return Object(value)
}
