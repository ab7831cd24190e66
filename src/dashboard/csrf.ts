/**
 * Whether a change was asked for here, and not by the page of a stranger (D3). No cookie and no session: whoever is let in
 * by a password or the host's session is let in from any page, so each form carries a token that no other page can read.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { firstHeader } from '../http/headers.ts'
import type { BoardRequest } from '../ports/board.ts'
import { hostOf } from './access.ts'
import { Refusal } from './refusal.ts'

const HOUR_MS = 3_600_000
const [ONCE_BYTES, MAC_BYTES] = [6, 18]

/** What a token stands for. */
export interface Signed {
  readonly who: string
  readonly verb: string
  /** With all else that is acted on, such as the handlers of a replay. */
  readonly filter: string
  readonly matched: number
}

/** Another one for each form, so that a form that is sent twice is told from two of the same. */
export function tokenFor(key: Uint8Array, signed: Signed, now: number): string {
  const once = randomBytes(ONCE_BYTES)
  return Buffer.concat([once, mac(key, signed, once, Math.floor(now / HOUR_MS))]).toString('base64url')
}

/** Good in the hour it was made in, and in the next: two at most. Equal in all processes of an inbox. */
export function isToken(key: Uint8Array, signed: Signed, given: string, now: number): boolean {
  // The reader of base64 passes over what is none.
  if (!/^[\w-]{32}$/.test(given)) return false
  const bytes = Buffer.from(given, 'base64url')
  const [once, own] = [bytes.subarray(0, ONCE_BYTES), bytes.subarray(ONCE_BYTES)]
  const hour = Math.floor(now / HOUR_MS)
  return [hour, hour - 1].map((one) => timingSafeEqual(mac(key, signed, once, one), own)).some(Boolean)
}

function mac(key: Uint8Array, { who, verb, filter, matched }: Signed, once: Buffer, hour: number): Buffer {
  // JSON keeps the parts apart, whatever stands in them.
  return createHmac('sha256', key)
    .update(JSON.stringify([who, verb, filter, matched, once.toString('hex'), hour]))
    .digest()
    .subarray(0, MAC_BYTES)
}

/**
 * Asked for from a page of our own, as far as the browser tells. Old browsers send no `Sec-Fetch-Site`, and no browser does
 * over plain http but to its own machine: then `Origin` has to say it. Behind a proxy that rewrites `Host` the origin is
 * another one; where the browser itself says that both are the same, it is believed, but from one that was let in as
 * local, where the name is all that tells a page of ours from one whose name was made to lead here.
 * @throws Refusal
 */
export function assertOwnPage(request: BoardRequest, origins: ReadonlySet<string>, isLocal: boolean): void {
  const site = firstHeader(request.rawHeaders, 'sec-fetch-site')
  const origin = firstHeader(request.rawHeaders, 'origin')
  if (site === null && origin === null) throw forged('neither Sec-Fetch-Site nor Origin')
  const isOwn = origin === null || origins.has(origin) || isOfHost(origin, request)
  if (site !== null && site !== 'same-origin' && !(origin !== null && origins.has(origin)))
    throw forged('Sec-Fetch-Site')
  if (!isOwn && (isLocal || site !== 'same-origin')) throw forged('Origin')
}

/** A proxy in front may have ended the encryption: then the page is on https, and we are asked on http. */
function isOfHost(origin: string, { rawHeaders, isSecure }: BoardRequest): boolean {
  const host = hostOf(rawHeaders)
  if (host === '') return false
  const own = isSecure === true ? ['https'] : ['http', 'https']
  return own.some((scheme) => URL.parse(`${scheme}://${host}`)?.origin === origin.toLowerCase())
}

const forged = (reason: string) =>
  new Refusal(
    'forged',
    'This form did not come from the dashboard itself: open the page again. A script sends x-posthorn-act: 1, and its credentials in Authorization: a cookie is not enough.',
    { reason },
  )

/** A script says with it that it means what it posts: no page of a stranger can send it without being asked first. */
export const isScript = ({ rawHeaders }: BoardRequest): boolean => firstHeader(rawHeaders, 'x-posthorn-act') === '1'
