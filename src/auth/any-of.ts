import type { Auth, AuthPort, AuthSetting, Presented } from '../core/ports.ts'
import { OptionError } from '../errors.ts'
import { port } from '../lib/symbols.ts'
import { REFUSED } from './compare.ts'
import { createAuth } from './kind.ts'

/**
 * Lets in what any of the given kinds lets in, for moving a sender from one to another. All of them are evaluated for
 * every request; the first that matches gives the credential. The start needs the secrets of all of them.
 * @throws OptionError without any kind, or with `unauthenticated()` among them
 */
export function anyOf(...auth: readonly Auth[]): Auth {
  if (auth.length === 0) throw new OptionError('anyOf: expected at least one kind of authentication')
  if (auth.some(({ scheme }) => scheme === 'unauthenticated'))
    throw new OptionError('anyOf: unauthenticated() would let in everything; use it alone')
  const ports = auth.map((one) => one[port])
  return createAuth(auth.map(({ scheme }) => scheme).join(' or '), {
    challenge: [...new Set(ports.map(({ challenge }) => challenge))].join(', '),
    async prepare(at) {
      const checks = await Promise.all(ports.map((one) => one.prepare(at)))
      return function verifyAnyOf(request) {
        const verdicts = checks.map((check) => check(request))
        return verdicts.find(({ ok }) => ok) ?? REFUSED
      }
    },
    present: (at) => presentFirst(ports, at),
  })
}

/** What the first kind that can say presents. */
async function presentFirst(ports: readonly AuthPort[], at: AuthSetting): Promise<Presented> {
  for (const one of ports) if (one.present !== undefined) return one.present(at)
  throw new OptionError('anyOf: none of its kinds can say what a request must carry')
}
