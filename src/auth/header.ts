import { OptionError } from '../errors.ts'
import { singleHeader } from '../http/headers.ts'
import type { Auth } from '../ports/auth.ts'
import type { Secrets } from '../types.ts'
import { createMatch, withoutHeader } from './compare.ts'
import { createAuth, REALM } from './kind.ts'
import { assertAlone, defineSecrets, labelsOf, laterLabelsOf, toWire, warnIfShort } from './secrets.ts'

/**
 * Lets in requests that carry one of the secrets as the whole value of a header of your choice: the custom headers of
 * Momentum, SparkPost and eSputnik. A header that occurs twice is refused.
 *
 * The bytes on the wire are compared with the UTF-8 of the secret; keep to ASCII, since proxies and senders disagree
 * about anything else.
 * @example esputnik({ auth: header('X-Key', { env: 'YESPO_KEY' }), timeZone: 'Europe/Kyiv' })
 * @throws OptionError (ERR_OPTION) when `name` is no header name; (ERR_SECRET_INVALID) when a literal is unusable
 */
export function header(name: string, secrets: Secrets, ...more: readonly never[]): Auth {
  assertAlone('header(name, )', more)
  if (typeof name !== 'string' || !HEADER_NAME.test(name))
    // Not the value: with the arguments the wrong way round it is the secret.
    throw new OptionError(`header: expected the name of a header first, got ${typeof name} that is none`)
  return headerKind('header', name, secrets)
}

/** A kind whose credential is the whole value of one header. */
export function headerKind(scheme: string, name: string, secrets: Secrets): Auth {
  const lowerName = name.toLowerCase()
  const read = defineSecrets(scheme, secrets)
  return createAuth(scheme, {
    challenge: `${scheme} ${REALM}`,
    labels: labelsOf(secrets),
    later: laterLabelsOf(secrets),
    carriers: { headers: [lowerName], parameters: [] },
    async prepare(at) {
      const known = await read(at)
      warnIfShort(scheme, known, at)
      const match = createMatch(known.map(({ label, text }) => ({ label, bytes: Buffer.from(text) })))
      return function verifyHeader({ rawHeaders }) {
        const value = singleHeader(rawHeaders, lowerName)
        const verdict = match(value === null ? null : Buffer.from(value, 'latin1'))
        return value === null ? withoutHeader(rawHeaders, lowerName) : verdict
      }
    },
    present: async (at) => ({ rawHeaders: [name, toWire((await read(at))[0]!.text)], query: '' }),
  })
}

/** RFC 9110 section 5.6.2, token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
