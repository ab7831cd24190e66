/** Comparing what came with what is configured, in a time that says nothing about either. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { firstHeader, singleHeader } from '../http/headers.ts'
import { digestBytes } from '../lib/digest.ts'

import type { Refused, Verdict } from '../ports/auth.ts'

/** What is accepted, as the bytes of the wire; `label` names it on `event.delivery.credential`. */
export interface Credential {
  readonly label: string | null
  readonly bytes: Uint8Array
}

/** Tells whether a candidate is one of the credentials; null, for a request that brings none, never is. */
export type Match = (candidate: Uint8Array | null) => Verdict

/**
 * A check against all credentials. Digests of a random key and the value are compared instead of the values, so lengths are equal
 * for `timingSafeEqual` and nobody outside can choose what is compared; every credential is evaluated, whichever
 * matches, and a missing candidate costs the same as a wrong one.
 */
export function createMatch(credentials: readonly Credential[]): Match {
  const known = credentials.map(({ label, bytes }) => ({ label, digest: digestOf(bytes) }))
  return function match(candidate) {
    const digest = digestOf(candidate ?? NOTHING)
    const matched = known.filter((one) => timingSafeEqual(one.digest, digest))
    if (candidate === null) return MISSING
    return matched.length === 0 ? WRONG : { ok: true, credential: matched[0]!.label }
  }
}

export const REFUSED: Refused = Object.freeze({ ok: false })
export const WRONG: Refused = Object.freeze({ ok: false, reason: 'credential_wrong' })
export const MISSING: Refused = Object.freeze({ ok: false, missing: true, reason: 'credential_missing' })
const TWICE: Refused = Object.freeze({ ok: false, missing: true, reason: 'header_twice' })
const NO_HEADER: Refused = Object.freeze({ ok: false, missing: true, reason: 'header_missing' })
const OTHER_SCHEME: Refused = Object.freeze({ ok: false, missing: true, reason: 'other_scheme' })

/** Why a header gives nothing to compare; `other_scheme` where it came once, as an `Authorization` of another kind does. */
export function withoutHeader(rawHeaders: readonly string[], lowerName: string): Refused {
  if (singleHeader(rawHeaders, lowerName) !== null) return OTHER_SCHEME
  return firstHeader(rawHeaders, lowerName) === null ? NO_HEADER : TWICE
}

const NOTHING = new Uint8Array(0)

/** Made with the first secret, not on import; lives as long as the process. */
let key: Uint8Array | undefined

/** In one call: an HMAC with its key object costs ten times as much, more than all else that a small post costs here. */
function digestOf(bytes: Uint8Array): Uint8Array {
  key ??= randomBytes(32)
  return digestBytes(Buffer.concat([key, bytes]))
}
