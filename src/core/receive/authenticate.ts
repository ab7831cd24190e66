/** What becomes of a request whose credentials do not let it in. */
import { OptionError } from '../../errors.ts'
import { TOKEN_SEGMENT } from '../../http/place.ts'
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

/**
 * `<mount>/<source>/token` and `<mount>/token` end alike: a proxy that cuts a segment must not turn one into the other.
 * @throws OptionError
 */
export function assertTokenFree(ports: ReadonlyMap<string, SourcePort>): void {
  if (!ports.has(TOKEN_SEGMENT)) return
  for (const [name, source] of ports)
    if (issuesTokensOf(source))
      throw new OptionError(
        `a source cannot be called "${TOKEN_SEGMENT}" beside "${name}", which issues its tokens at "${name}/${TOKEN_SEGMENT}"`,
      )
}

/** Whether a source issues the tokens that it takes. */
export function issuesTokensOf(port: SourcePort | undefined): boolean {
  return port?.auth[portOf].issuer !== undefined
}

/** The answer, with what an operator may know of the reason counted and noted; the sender is told none. */
export function turnAway(parts: ReceiveParts, source: string, port: SourcePort, verdict: Refused): NeutralResponse {
  const { reason = 'refused', unavailable, hidden } = verdict
  const answer = refuse(
    unavailable ? 'auth_unavailable' : hidden ? 'unknown_source' : 'unauthorized',
    unavailable || hidden ? {} : challenge(port),
  )
  parts.tell('turnedAway', { source, reason, status: answer.status })
  return answer
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
  const doors = await parts.open()
  if (typeof doors === 'string') return refuse(doors)
  const verdict = await (doors.get(source)?.verify(request) ?? REFUSED)
  return verdict.ok ? null : turnAway(parts, source, port, verdict)
}

function challenge(port: SourcePort): Record<string, string> {
  const value = port.auth[portOf].challenge
  return value === '' ? {} : { 'www-authenticate': value }
}
