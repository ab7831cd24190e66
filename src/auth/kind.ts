/** What all kinds of authentication share: a public face that shows its scheme and nothing else. */

import { port } from '../lib/symbols.ts'
import type { Auth, AuthPort } from '../ports/auth.ts'

/** The port is not enumerable, so that logging or serialising an option object shows the scheme alone. */
export function createAuth(scheme: string, behind: AuthPort): Auth {
  const auth = Object.defineProperty({ scheme }, port, { value: Object.freeze(behind) })
  return Object.freeze(auth) as Auth // defineProperty does not carry the type of what it defines
}

/** The one protection space of a receiver (RFC 9110 section 11.5). */
export const REALM = 'realm="posthorn"'
