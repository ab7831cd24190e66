/** Stored records as users see them: instants become dates. */

import type { StoredPause } from '../../ports/inbox/records.ts'
import type { StoredError } from '../../ports/inbox/rows.ts'
import type { PausedHandler } from '../../public/inbox.ts'
import type { AttemptError } from '../../types.ts'

export const toAttemptErrors = (errors: readonly StoredError[]): AttemptError[] =>
  errors.map((error) => ({ ...error, at: new Date(error.at) }))

export const toPaused = ({ handler, by, since }: StoredPause): PausedHandler => ({
  handler,
  by,
  since: new Date(since),
})
