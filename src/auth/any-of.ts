import { OptionError } from '../errors.ts'
import { kindOf } from '../lib/options.ts'
import { port } from '../lib/symbols.ts'
import type {
  Auth,
  AuthPort,
  AuthRequest,
  Carriers,
  Presented,
  PresentSetting,
  SecretPlaces,
  Verdict,
} from '../ports/auth.ts'
import { REFUSED } from './compare.ts'
import { createAuth } from './kind.ts'

/**
 * Lets in what any of the given kinds lets in, for moving a sender from one to another. All of them are evaluated for
 * every request, and the first that matches gives the credential; `jwt`, `oauth2Issuer` and `custom` only when none of the others lets
 * the request in. When none does, and one of them cannot be checked now, the answer is 503. `start` needs the secrets of all of them.
 * @example momentum({ auth: anyOf(token({ env: 'MOMENTUM_TOKEN' }), bearer({ env: 'NEW_TOKEN' })) })
 * @throws OptionError without any kind, with `unauthenticated()` among them, or with two `oauth2Issuer`s
 */
export function anyOf(...auth: readonly Auth[]): Auth {
  if (auth.length === 0) throw new OptionError('anyOf: expected at least one kind of authentication')
  for (const one of auth)
    if (one?.[port]?.prepare === undefined)
      throw new OptionError(`anyOf: expected kinds of posthorn/auth, one after the other, got ${kindOf(one)}`)
  if (auth.some(({ scheme }) => scheme === 'unauthenticated'))
    throw new OptionError('anyOf: unauthenticated() would let in everything; use it alone')
  const ports = auth.map((one) => one[port])
  const issuers = ports.flatMap(({ issuer }) => issuer ?? [])
  if (issuers.length > 1) throw new OptionError('anyOf: a source has one address for tokens, so one oauth2Issuer')
  return createAuth(auth.map(({ scheme }) => scheme).join(' or '), {
    challenge: [...new Set(ports.map(({ challenge }) => challenge))].filter((one) => one !== '').join(', '),
    labels: ports.flatMap(({ labels }) => labels ?? []),
    later: ports.flatMap(({ later }) => later ?? []),
    places: placesOf(ports),
    carriers: carriersOf(ports),
    slow: ports.some(({ slow }) => slow === true),
    async prepare(at) {
      const checks = await Promise.all(ports.map((one) => one.prepare(at)))
      const quick = checks.filter((_, index) => ports[index]?.slow !== true)
      const slow = checks.filter((_, index) => ports[index]?.slow === true)
      return function verifyAnyOf(request) {
        // Quick ones answer at once: that is what `slow` tells of the others.
        const verdicts = quick.map((check) => check(request) as Verdict)
        const letIn = verdicts.find(({ ok }) => ok)
        return letIn ?? (slow.length === 0 ? refusedBy(verdicts) : askSlow(slow, request, verdicts))
      }
    },
    present: (at) => presentFirst(ports, at),
    issuer: issuers[0],
  })
}

async function askSlow(
  checks: ReadonlyArray<(request: AuthRequest) => Verdict | Promise<Verdict>>,
  request: AuthRequest,
  quick: readonly Verdict[],
): Promise<Verdict> {
  const verdicts = await Promise.all(checks.map((check) => check(request)))
  return verdicts.find(({ ok }) => ok) ?? refusedBy([...quick, ...verdicts])
}

/** 503 when one cannot tell; no such address, or nothing there, only when all say so; a reason where one is given. */
function refusedBy(verdicts: readonly Verdict[]): Verdict {
  const refused = verdicts.filter((verdict) => !verdict.ok)
  const unavailable = refused.find((one) => one.unavailable)
  if (unavailable !== undefined) return unavailable
  if (refused.every(({ hidden }) => hidden) || refused.every(({ missing }) => missing)) return refused[0]!
  // Of a kind that had something to compare, rather than of one whose header is not there.
  const telling = refused.find(({ missing, hidden }) => !missing && !hidden) ?? refused.find(({ missing }) => !missing)
  return telling?.reason === undefined ? REFUSED : { ok: false, reason: telling.reason }
}

function placesOf(ports: readonly AuthPort[]): SecretPlaces {
  const paths = ports.map(({ places }) => places?.path ?? null)
  const only = paths.every((one) => one === 'only')
  const also = paths.some((one) => one !== null)
  return { path: only ? 'only' : also ? 'also' : null, query: ports.some(({ places }) => places?.query === true) }
}

function carriersOf(ports: readonly AuthPort[]): Carriers {
  const all = ports.map(({ carriers }) => carriers)
  return {
    headers: all.flatMap((one) => one?.headers ?? []),
    parameters: all.flatMap((one) => one?.parameters ?? []),
  }
}

/** What the first kind that can say presents. */
async function presentFirst(ports: readonly AuthPort[], at: PresentSetting): Promise<Presented> {
  for (const one of ports) if (one.present !== undefined) return one.present(at)
  throw new OptionError('anyOf: none of its kinds can say what a request must carry')
}
