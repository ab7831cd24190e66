import { OptionError, PosthornError } from '../errors.ts'
import { segmentOf } from '../http/target.ts'
import type { Auth, AuthRequest, Refused } from '../ports/auth.ts'
import type { Secrets } from '../types.ts'
import { createMatch } from './compare.ts'
import { createAuth } from './kind.ts'
import { assertAlone, defineSecrets, labelsOf, laterLabelsOf, literalsOf, warnIfShort } from './secrets.ts'

/**
 * Lets in requests whose address has one of the secrets as the segment before the name of the source:
 * `<mount>/<secret>/<name>`; where the host decides the source (`webhooks(receiver, { source })`), as the last segment.
 * For senders that offer an address and nothing else, such as eSputnik's old interface (eSputnik support, Webhooks,
 * about 2019 to 2021: one address field). Another secret is answered 404, also for GET and HEAD.
 *
 * A secret consists of letters, digits, `-`, `.`, `_` and `~`, which every proxy leaves as they are (RFC 3986
 * section 2.3); Fastify answers 414 to more than 100 of them unless `routerOptions.maxParamLength` is higher. Addresses
 * end up in the logs of every proxy on the way, so prefer a header where there is one.
 * @example esputnik({ auth: path({ env: 'ESPUTNIK_PATH' }), timeZone: 'Europe/Kyiv' }) // POST /webhooks/<secret>/crm
 * @throws OptionError (ERR_SECRET_INVALID) when a literal is unusable
 */
export function path(secrets: Secrets, ...more: readonly never[]): Auth {
  assertAlone('path()', more)
  const read = defineSecrets('path', secrets)
  for (const literal of literalsOf(secrets)) if (!SEGMENT.test(literal)) throw new OptionError(CHARACTERS, INVALID)
  return createAuth('path', {
    challenge: '',
    labels: labelsOf(secrets),
    later: laterLabelsOf(secrets),
    places: { path: 'only', query: false },
    async prepare(at) {
      const known = await read(at)
      if (known.some(({ text }) => !SEGMENT.test(text)))
        throw new PosthornError(INVALID, `source "${at.source}": ${CHARACTERS}`)
      warnIfShort('path', known, at)
      const match = createMatch(known.map(({ label, text }) => ({ label, bytes: Buffer.from(text) })))
      return function verifyPath(request) {
        const segment = secretIn(request)
        const verdict = match(segment === null ? null : Buffer.from(segment, 'latin1'))
        return verdict.ok ? verdict : NO_ADDRESS
      }
    },
    present: async (at) => ({ rawHeaders: [], query: '', segment: (await read(at))[0]!.text }),
  })
}

function secretIn({ target, source }: AuthRequest): string | null {
  return segmentOf(target, source === undefined ? 1 : 0)
}

const NO_ADDRESS: Refused = Object.freeze({ ok: false, hidden: true, reason: 'segment_wrong' })

/** Not a single or double dot either: those are resolved away on the client. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._~-]+$/
const INVALID = 'ERR_SECRET_INVALID'
const CHARACTERS = 'path: expected a secret of letters, digits, "-", ".", "_" and "~"'
