/** Secrets as they are configured: checked where they are written, read when the receiver starts. */

import { OptionError } from '../errors.ts'
import { readSecret, secretMissing } from '../lib/secret.ts'
import { checkedEntries, entriesOf } from '../lib/secret-list.ts'
import type { SecretSetting } from '../ports/auth.ts'
import type { LogFacts, Secrets } from '../types.ts'

/** A secret as text, with the name it goes by. */
export interface ReadSecret {
  readonly label: string | null
  readonly text: string
}

/** Reads what was configured. @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID */
export type ReadSecrets = (at: SecretSetting) => Promise<readonly ReadSecret[]>

/** Shorter ones are accepted with a warning: some senders' forms allow no more. */
const WELL_LONG = 16

/** Several secrets are one list: a second argument that nobody reads would leave the sender's new secret out. @throws OptionError */
export function assertAlone(call: string, more: readonly unknown[]): void {
  if (more.length > 0)
    throw new OptionError(`${call} takes several secrets as one list: ${call.replace(')', "['new', 'old'])")}`)
}

/**
 * Checks secrets without reading any and returns how to read them. `what` is how messages call them: `token`,
 * `basic password`.
 * @throws OptionError (ERR_SECRET_INVALID) for an empty list, an empty or blank literal, a line break in a literal
 */
export function defineSecrets(what: string, secrets: Secrets): ReadSecrets {
  const entries = checkedEntries(what, secrets)
  return async function readSecrets(at) {
    const read: ReadSecret[] = []
    const where = `source "${at.source}": ${what}`
    for (const { label, secret } of entries) {
      const text = await readSecret(where, secret, at.env)
      if (text !== null) read.push({ label, text })
    }
    if (read.length === 0) throw secretMissing(where, 'none of its optional secrets is set')
    return read
  }
}

/** The labels of the secrets, known before any is read. */
export function labelsOf(secrets: Secrets): readonly string[] {
  return entriesOf(secrets).flatMap(({ label }) => label ?? [])
}

/** Those of secrets behind the first, which a rotation is to end the use of. */
export function laterLabelsOf(secrets: Secrets): readonly string[] {
  return entriesOf(secrets)
    .slice(1)
    .flatMap(({ label }) => label ?? [])
}

/** Those of the secrets that stand in the code, for checks at construction. */
export function literalsOf(secrets: Secrets): readonly string[] {
  return entriesOf(secrets)
    .map(({ secret }) => secret)
    .filter((secret) => typeof secret === 'string')
}

/** The UTF-8 of the text as it stands in a header: one character a byte. */
export function toWire(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Warns once for all that are short; call it once per source. */
export function warnIfShort(what: string, secrets: readonly ReadSecret[], at: SecretSetting): void {
  const short = secrets.filter(({ text }) => text.length < WELL_LONG).length
  if (short === 0) return
  const facts: LogFacts = { event: 'secret.short', source: at.source, secret: what, short, of: secrets.length }
  at.logger.warn(facts, `source "${at.source}": ${what} has fewer than ${WELL_LONG} characters and can be guessed`)
}
