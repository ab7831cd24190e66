/** Stored records as users see them: instants become dates. */

import type { StoredError, StoredPause } from '../../ports/ports.ts'
import type { PausedHandler } from '../../public/receiver.ts'
import type { AttemptError } from '../../types.ts'

export const toAttemptErrors = (errors: readonly StoredError[]): AttemptError[] =>
  errors.map((error) => ({ ...error, at: new Date(error.at) }))

export const toPaused = ({ handler, by, since }: StoredPause): PausedHandler => ({
  handler,
  by,
  since: new Date(since),
})
