/** Whether a token lets its request in. */
import type { JWTVerifyGetKey } from 'jose'
import type { AuthSetting, Refused, Verdict, Verify } from '../../ports/auth.ts'
import { authorizationOf } from '../authorization.ts'
import { createBudget } from '../budget.ts'
import { withoutHeader } from '../compare.ts'
import { judge, type TokenFault } from './claims.ts'
import { GoodTokens } from './good-tokens.ts'
import type { KeySet, KeySource } from './key-source.ts'
import type { JwtRules } from './options.ts'
import { readToken } from './token.ts'

/** `unknown`: no key of the set is the one that signed it. */
type Signature = 'good' | 'bad' | 'unknown'

/** The check of one source: claims first, which is cheap, then the signature, within the budget of failures. */
export function createVerify(jose: Jose, rules: JwtRules, source: KeySource, at: AuthSetting): Verify {
  const check = (token: string, find: JWTVerifyGetKey) => holds(jose, rules, token, find, at.clock.now())
  const good = new GoodTokens()
  const budget = createBudget(at)

  return function verifyJwt(request) {
    const sent = authorizationOf(request.rawHeaders, 'bearer')
    if (sent === null) return withoutHeader(request.rawHeaders, 'authorization')
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

/** At the start of a source that needs it: who has none does not load the library. */
export const loadJose = () => import('jose')

export type Jose = Awaited<ReturnType<typeof loadJose>>

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
