/** The text of a row of quarantine, as the file stores it. */
import type { NewQuarantine } from '../../../../ports/inbox/rows.ts'

type What = Pick<NewQuarantine, 'reason' | 'path' | 'kind'>
type Kind = NonNullable<What['kind']>

interface Written extends Pick<What, 'reason' | 'path'> {
  /** Absent in rows of earlier versions, where only `reason` says it. */
  readonly kind?: Kind | null
}

export function writeWhat({ reason, path, kind }: What): string {
  return JSON.stringify({ reason, path, kind: kind ?? null } satisfies Written)
}

export function readWhat(text: string): What {
  const { reason, path, kind } = JSON.parse(text) as Written
  const known = kind === undefined ? kindSaidBy(reason) : kind
  return known === null ? { reason, path } : { reason, path, kind: known }
}

function kindSaidBy(reason: string): Kind | null {
  if (/^the process died \d+ times while handler "/.test(reason)) return 'deadly'
  return /^more than \d+ elements could not be read/.test(reason) ? 'more' : null
}
