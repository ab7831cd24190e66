/** What becomes of a request whose credentials do not let it in. */
import { port as portOf } from '../../lib/symbols.ts'
import type { Refused, SecretPlaces } from '../../ports/auth.ts'
import type { NeutralRequest, NeutralResponse } from '../../ports/host.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { refuse } from './answers.ts'
import type { ReceiveParts } from './parts.ts'

export const REFUSED: Refused = Object.freeze({ ok: false })

const NOWHERE: SecretPlaces = Object.freeze({ path: null, query: false })

/** Where the address of a source holds a secret. */
export function placesOf(port: SourcePort | undefined): SecretPlaces {
  return port?.auth[portOf].places ?? NOWHERE
}

/** The answer, with what an operator may know of the reason counted and noted; the sender is told none. */
export function turnAway(parts: ReceiveParts, source: string, port: SourcePort, verdict: Refused): NeutralResponse {
  const { reason, unavailable, hidden } = verdict
  if (reason !== undefined) {
    parts.meter.turnAway(reason)
    parts.notices(`auth:${source}:${reason}`, 'warn', `credentials for "${source}" were not let in: ${reason}`)
  }
  if (unavailable) return refuse('auth_unavailable')
  return hidden ? refuse('unknown_source') : refuse('unauthorized', challenge(port))
}

/**
 * The answer to a request that is no post and whose address is wrong; null where it may go on. Where the address itself
 * is the secret, a wrong one is no address, whatever is asked of it.
 */
export async function noAddress(
  parts: ReceiveParts,
  source: string,
  port: SourcePort,
  request: NeutralRequest,
): Promise<NeutralResponse | null> {
  if (placesOf(port).path !== 'only') return null
  const checks = await parts.open()
  if (typeof checks === 'string') return refuse(checks)
  const verdict = await (checks.get(source)?.(request) ?? REFUSED)
  return verdict.ok ? null : turnAway(parts, source, port, verdict)
}

function challenge(port: SourcePort): Record<string, string> {
  const value = port.auth[portOf].challenge
  return value === '' ? {} : { 'www-authenticate': value }
}
