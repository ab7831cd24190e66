import { OptionError } from '../errors.ts'
import { singleParameter } from '../http/query.ts'
import { kindOf } from '../lib/options.ts'
import type { Auth } from '../ports/auth.ts'
import type { Secrets } from '../types.ts'
import { createMatch } from './compare.ts'
import { createAuth, REALM } from './kind.ts'
import { assertAlone, defineSecrets, labelsOf, laterLabelsOf, warnIfShort } from './secrets.ts'

/**
 * Lets in requests whose address carries one of the secrets in a query parameter, percent-decoded once (`+` stays a
 * plus). For senders that offer an address and nothing else: addresses end up in the logs of every proxy on the way,
 * so prefer a header where there is one. A parameter that occurs twice is refused.
 * @example mailjet({ auth: query('key', { env: 'MAILJET_KEY' }) }) // POST /webhooks/news?key=<secret>
 * @throws OptionError (ERR_OPTION) when `name` is empty; (ERR_SECRET_INVALID) when a literal is unusable
 */
export function query(name: string, secrets: Secrets, ...more: readonly never[]): Auth {
  assertAlone('query(name, )', more)
  if (typeof name !== 'string' || name === '')
    throw new OptionError(`query: expected the name of a parameter, got ${kindOf(name)}`)
  const read = defineSecrets('query', secrets)
  return createAuth('query', {
    challenge: `query ${REALM}`,
    labels: labelsOf(secrets),
    later: laterLabelsOf(secrets),
    places: { path: null, query: true },
    carriers: { headers: [], parameters: [name] },
    async prepare(at) {
      const known = await read(at)
      warnIfShort('query', known, at)
      const match = createMatch(known.map(({ label, text }) => ({ label, bytes: Buffer.from(text) })))
      return function verifyQuery({ target }) {
        return match(singleParameter(target, name))
      }
    },
    async present(at) {
      const [first] = await read(at)
      return { rawHeaders: [], query: `${encodeURIComponent(name)}=${encodeURIComponent(first!.text)}` }
    },
  })
}
