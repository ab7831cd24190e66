import type { JWTVerifyGetKey } from 'jose'
import { OptionError } from '../../errors.ts'
import type { Auth, AuthSetting, Refused, Verdict, Verify } from '../../ports/auth.ts'
import { authorizationOf } from '../authorization.ts'
import { createBudget } from '../budget.ts'
import { MISSING } from '../compare.ts'
import { createAuth, REALM } from '../kind.ts'
import { judge, type TokenFault } from './claims.ts'
import { GoodTokens } from './good-tokens.ts'
import { type KeySet, type KeySource, localKeys, RemoteKeys } from './key-source.ts'
import { type JwtOptions, type JwtRules, settleKeys, settleRemote, settleRules } from './options.ts'
import { readToken } from './token.ts'

/**
 * Lets in requests with `Authorization: Bearer <token>`, where the token is signed by the issuer and says what the
 * options ask for: SparkPost fetches such tokens by OAuth 2.0 (SparkPost API reference, Webhooks, `auth_type: oauth2`,
 * Aug 2026). `iss`, `aud` and `exp` must be there, and the life of a token is capped.
 *
 * A bad token is 401, which makes SparkPost fetch a new one; while nobody can tell, because the keys of the issuer are
 * not known, the answer is 503. Tokens are checked once: the same one again, before its end, costs no signature. Bad
 * ones past 20 a minute from one address, or 200 in all, wait in a line.
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
      // Here, not above: who has no such source does not load it.
      const jose = await import('jose')
      const toFinder = (keys: object) => jose.createLocalJWKSet(keys as Parameters<typeof jose.createLocalJWKSet>[0])
      const source = remote === null ? localKeys(toFinder(given ?? {})) : new RemoteKeys(remote, at, toFinder)
      // The first request finds the keys there; a start does not wait for an issuer.
      source.known()
      return createVerify(rules, source, at, (token, find) => holds(jose, rules, token, find, at.clock.now()))
    },
  })
}

/** `unknown`: no key of the set is the one that signed it. */
type Signature = 'good' | 'bad' | 'unknown'
type CheckSignature = (token: string, find: JWTVerifyGetKey) => Promise<Signature>

function createVerify(rules: JwtRules, source: KeySource, at: AuthSetting, check: CheckSignature): Verify {
  const good = new GoodTokens()
  const budget = createBudget(at)

  return function verifyJwt(request) {
    const sent = authorizationOf(request.rawHeaders, 'bearer')
    if (sent === null) return MISSING
    const token = readToken(sent)
    if (token === null) return refused('token_malformed')
    const judged = judge(rules, token, Math.floor(at.clock.now() / 1_000))
    if (typeof judged === 'string') return refused(judged)
    const letIn: Verdict = { ok: true, credential: judged.label }
    const keys = source.known()
    return keys !== null && good.has(sent, keys) ? letIn : withSignature(sent, letIn, request.peer)
  }

  async function withSignature(token: string, letIn: Verdict, peer: string | undefined): Promise<Verdict> {
    const keys = await source.get()
    if (keys === null) return KEYS_UNKNOWN
    return budget(peer, () => checked(token, letIn, keys))
  }

  async function checked(token: string, letIn: Verdict, keys: KeySet): Promise<Verdict> {
    const signature = await check(token, keys.find)
    const newer = signature === 'unknown' ? await source.newer(keys) : keys
    if (newer === null) return KEYS_UNKNOWN
    const last = newer === keys ? signature : await check(token, newer.find)
    if (last !== 'good') return refused(last === 'bad' ? 'token_signature' : 'token_key_unknown')
    good.add(token, newer)
    return letIn
  }
}

type Jose = typeof import('jose')

/** The second look at what `judge` has passed, by the library, together with the signature. Never rejects. */
async function holds(
  jose: Jose,
  rules: JwtRules,
  token: string,
  find: JWTVerifyGetKey,
  now: number,
): Promise<Signature> {
  const options = {
    issuer: [...rules.issuers],
    audience: [...rules.audiences],
    algorithms: [...rules.algorithms],
    requiredClaims: ['exp'],
    clockTolerance: rules.clockToleranceSeconds,
    currentDate: new Date(now),
    ...(rules.type === null ? {} : { typ: rules.type }),
  }
  try {
    await jose.jwtVerify(token, find, options)
    return 'good'
  } catch (error) {
    if (error instanceof jose.errors.JWKSMultipleMatchingKeys) return anyHolds(jose, token, error, options)
    if (error instanceof jose.errors.JWKSNoMatchingKey) return 'unknown'
    // One that does not name its key may come with one that we have not fetched yet.
    const nameless =
      error instanceof jose.errors.JWSSignatureVerificationFailed && readToken(token)?.header.kid === undefined
    return nameless ? 'unknown' : 'bad'
  }
}

/** A token need not name its key. As many are tried as an issuer has while it changes them. */
async function anyHolds(
  jose: Jose,
  token: string,
  candidates: InstanceType<Jose['errors']['JWKSMultipleMatchingKeys']>,
  options: Parameters<Jose['jwtVerify']>[2],
): Promise<Signature> {
  let tried = 0
  for await (const key of candidates) {
    if (tried++ === MOST_CANDIDATES) break
    const held = await jose.jwtVerify(token, key, options).then(
      () => true,
      () => false,
    )
    if (held) return 'good'
  }
  return 'unknown'
}

const MOST_CANDIDATES = 4

const KEYS_UNKNOWN: Refused = Object.freeze({ ok: false, unavailable: true, reason: 'keys_unknown' })

const refused = (reason: TokenFault): Refused => ({ ok: false, reason })

function labelsOf({ label, clients, subjects }: JwtRules): readonly string[] {
  return label !== null ? [label] : (clients ?? subjects ?? [])
}
