import { OptionError } from '../../errors.ts'
import type { Auth } from '../../ports/auth.ts'
import { createAuth, REALM } from '../kind.ts'
import { localKeys, RemoteKeys } from './key-source.ts'
import { type JwtOptions, type JwtRules, settleKeys, settleRemote, settleRules } from './options.ts'
import { createVerify, loadJose } from './verify.ts'

/**
 * Lets in requests with `Authorization: Bearer <token>`, where the token is signed by the issuer and says what the
 * options ask for: SparkPost fetches such tokens by OAuth 2.0 (SparkPost API reference, Webhooks, `auth_type: oauth2`,
 * Aug 2026). `iss`, `aud` and `exp` must be there, and the life of a token is capped.
 *
 * A bad token is 401, which makes SparkPost fetch a new one; while the keys of the issuer are not
 * known, the answer is 503. A token is verified once; until it expires, no further signature is checked for it. After 20 bad
 * tokens a minute from one address, or 200 in all, further checks wait in a queue.
 * @example
 * sparkpost({
 *   auth: jwt({
 *     issuer: 'https://login.example.com/',
 *     audience: 'https://hooks.example.com/webhooks',
 *     jwksUrl: 'https://login.example.com/.well-known/jwks.json',
 *     clients: ['sparkpost'],
 *   }),
 * })
 * @throws OptionError naming the option
 */
export function jwt(options: JwtOptions): Auth {
  const rules = settleRules(options)
  const given = options.keys === undefined ? null : settleKeys(options.keys)
  if ((given === null) === (options.jwksUrl === undefined)) throw new OptionError('jwt: expected keys or jwksUrl')
  const remote = options.jwksUrl === undefined ? null : settleRemote(options)
  return createAuth('jwt', {
    challenge: `Bearer ${REALM}`,
    labels: labelsOf(rules),
    slow: true,
    async prepare(at) {
      const jose = await loadJose()
      const toFinder = (keys: object) => jose.createLocalJWKSet(keys as Parameters<typeof jose.createLocalJWKSet>[0])
      const source = remote === null ? localKeys(toFinder(given ?? {})) : new RemoteKeys(remote, at, toFinder)
      // The first request finds the keys there; a start does not wait for an issuer.
      source.known()
      return createVerify(jose, rules, source, at)
    },
  })
}

function labelsOf({ label, clients, subjects }: JwtRules): readonly string[] {
  return label !== null ? [label] : (clients ?? subjects ?? [])
}
