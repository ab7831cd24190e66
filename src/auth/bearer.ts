import type { Auth } from '../ports/auth.ts'
import type { Secrets } from '../types.ts'
import { authorizationOf } from './authorization.ts'
import { createMatch, withoutHeader } from './compare.ts'
import { createAuth, REALM } from './kind.ts'
import { assertAlone, defineSecrets, labelsOf, laterLabelsOf, toWire, warnIfShort } from './secrets.ts'

/**
 * Lets in requests with `Authorization: Bearer <secret>`, for a token that does not change by itself.
 * @example momentum({ auth: bearer({ env: 'MOMENTUM_TOKEN' }) })
 * @throws OptionError (ERR_SECRET_INVALID) when a literal is unusable
 */
export function bearer(secrets: Secrets, ...more: readonly never[]): Auth {
  assertAlone('bearer()', more)
  const read = defineSecrets('bearer', secrets)
  return createAuth('bearer', {
    challenge: `Bearer ${REALM}`,
    labels: labelsOf(secrets),
    later: laterLabelsOf(secrets),
    async prepare(at) {
      const known = await read(at)
      warnIfShort('bearer', known, at)
      const match = createMatch(known.map(({ label, text }) => ({ label, bytes: Buffer.from(text) })))
      return function verifyBearer({ rawHeaders }) {
        const sent = authorizationOf(rawHeaders, 'bearer')
        const verdict = match(sent === null ? null : Buffer.from(sent, 'latin1'))
        return sent === null ? withoutHeader(rawHeaders, 'authorization') : verdict
      }
    },
    present: async (at) => ({
      rawHeaders: ['authorization', `Bearer ${toWire((await read(at))[0]!.text)}`],
      query: '',
    }),
  })
}
