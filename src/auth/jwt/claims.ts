/** What a token must say of itself. Looked at before its signature, which is dear; it counts only when that holds. */
import type { JwtRules } from './options.ts'
import type { ReadToken } from './token.ts'

/** Why a token is refused; for operators. `expired_recently`: by less than ten minutes, so look at the clocks. */
export type TokenFault =
  | 'token_malformed'
  | 'token_algorithm'
  | 'token_type'
  | 'token_issuer'
  | 'token_audience'
  | 'token_expired'
  | 'token_expired_recently'
  | 'token_not_yet_valid'
  | 'token_lifetime'
  | 'token_scope'
  | 'token_client'
  | 'token_subject'
  | 'token_key_unknown'
  | 'token_signature'

const RECENTLY_SECONDS = 600

/** The label of what the token lets in, or why it does not. `now` in seconds. */
export function judge(
  rules: JwtRules,
  { header, claims }: ReadToken,
  now: number,
): { label: string | null } | TokenFault {
  if (!rules.algorithms.some((one) => one === header.alg)) return 'token_algorithm'
  if (rules.type !== null && mediaType(header.typ) !== mediaType(rules.type)) return 'token_type'
  if (!includes(rules.issuers, claims.iss)) return 'token_issuer'
  if (!listOf(claims.aud).some((one) => includes(rules.audiences, one))) return 'token_audience'
  const late = judgeTimes(rules, claims, now)
  if (late !== null) return late
  const scopes = [...wordsOf(claims.scope), ...wordsOf(claims.scp)]
  if (!rules.scopes.every((one) => scopes.includes(one))) return 'token_scope'
  const client = clientOf(claims)
  if (rules.clients !== null && !includes(rules.clients, client)) return 'token_client'
  if (rules.subjects !== null && !includes(rules.subjects, claims.sub)) return 'token_subject'
  return {
    label: rules.label ?? (rules.clients !== null ? client : rules.subjects !== null ? String(claims.sub) : null),
  }
}

/** `exp` must be there; a life that ends in a thousand years is as none. */
function judgeTimes(rules: JwtRules, { exp, iat, nbf }: ReadToken['claims'], now: number): TokenFault | null {
  const { maxLifetimeSeconds: longest, clockToleranceSeconds: tolerance } = rules
  if (!isInstant(exp)) return 'token_malformed'
  if (exp <= now - tolerance) return exp > now - RECENTLY_SECONDS ? 'token_expired_recently' : 'token_expired'
  if (exp - now > longest + tolerance) return 'token_lifetime'
  for (const begin of [nbf, iat]) {
    if (begin === undefined) continue
    if (!isInstant(begin)) return 'token_malformed'
    if (begin > now + tolerance) return 'token_not_yet_valid'
  }
  return isInstant(iat) && exp - iat > longest ? 'token_lifetime' : null
}

const isInstant = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const includes = (list: readonly string[], value: unknown): boolean => list.some((one) => one === value)

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value])

/** Words of a text (RFC 8693 section 4.2), or a list, as some issuers write `scp`. */
function wordsOf(value: unknown): readonly unknown[] {
  return typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
}

/** `client_id` (RFC 9068 section 2.2) or `azp`; null when they contradict each other. */
function clientOf({ client_id: id, azp }: ReadToken['claims']): string | null {
  const client = id ?? azp
  return typeof client === 'string' && (azp === undefined || azp === client) ? client : null
}

/** RFC 7515 section 4.1.9: `application/` may be left out, and case does not matter. */
function mediaType(value: unknown): string | null {
  return typeof value === 'string' ? value.toLowerCase().replace(/^application\//, '') : null
}
