/** Of an error, what a log line may hold. */
import { codeOf } from '../../lib/code-of.ts'
import { ownPlace } from '../../lib/frames.ts'
import type { StoredError } from '../../ports/inbox/rows.ts'
import { storedError } from '../process/stored-error.ts'

interface Readable {
  readonly errorName: string
  readonly code: string
  /** Of the error that it stands for: `fetch failed` is ECONNREFUSED. */
  readonly causeCode?: string
  readonly frame: string | null
}

/** Words, and the place in the application where it was thrown. */
export function readable(error: StoredError | undefined): Readable {
  const { name, code = null, stack, cause } = error ?? {}
  return {
    errorName: codeOf({ name }),
    code: codeOf({ code: code ?? name }),
    ...(cause === undefined ? {} : { causeCode: codeOf(cause) }),
    frame: ownPlace(stack?.split('\n') ?? []),
  }
}

/** Where in the application it was thrown. */
export const frameOf = (error: unknown): string | null => readable(storedError(error, 1, 0)).frame
