/** One secret, or several of which each may have a label: checked where they are written. */
import { OptionError } from '../errors.ts'
import type { Secret, Secrets } from '../types.ts'
import { keysOf, knownKeys } from './options.ts'
import { assertSecret } from './secret.ts'

export interface SecretEntry {
  readonly label: string | null
  readonly secret: Secret
}

/** The secrets as they are given; nothing is checked. */
export function entriesOf(secrets: Secrets): readonly SecretEntry[] {
  return Array.isArray(secrets) ? secrets.map(toEntry) : [{ label: null, secret: secrets as Secret }]
}

/**
 * Checks secrets without reading any. `what` is how messages call them: `token`, `basic password`.
 * @throws OptionError (ERR_SECRET_INVALID) for an empty list, an empty or blank literal, a line break in a literal
 */
export function checkedEntries(what: string, secrets: Secrets): readonly SecretEntry[] {
  const entries = entriesOf(secrets)
  if (entries.length === 0) throw new OptionError(`${what}: expected at least one secret`, 'ERR_SECRET_INVALID')
  for (const { label, secret } of entries) checkShape(what, label, secret)
  return entries
}

function toEntry(entry: Secret | { readonly label: string; readonly secret: Secret }): SecretEntry {
  if (typeof entry !== 'object' || entry === null || !('secret' in entry)) return { label: null, secret: entry }
  knownKeys('a secret with a label', entry, LABELLED)
  return entry
}

const LABELLED = keysOf<SecretEntry>({ label: true, secret: true })

function checkShape(what: string, label: string | null, secret: Secret): void {
  if (label !== null && (typeof label !== 'string' || label.trim() === ''))
    throw new OptionError(`${what}: expected a label that is not blank`, 'ERR_SECRET_INVALID')
  assertSecret(what, secret)
}
