import { OptionError } from '../errors.ts'
import type { Auth, Verdict } from '../ports/auth.ts'
import { createAuth, REALM } from './kind.ts'

/**
 * Lets in everybody who finds the address. This is the only way to configure no authentication; use it behind a proxy
 * that authenticates the sender.
 * @example momentum({ auth: unauthenticated() })
 * @throws OptionError when it is given anything
 */
export function unauthenticated(...secrets: readonly never[]): Auth {
  if (secrets.length > 0) throw new OptionError('unauthenticated takes nothing: it lets everybody in, without a secret')
  return createAuth('unauthenticated', {
    challenge: `unauthenticated ${REALM}`,
    prepare: async () => () => LET_IN,
    present: async () => ({ rawHeaders: [], query: '' }),
  })
}

const LET_IN: Verdict = Object.freeze({ ok: true, credential: null })
