/** What auth kinds are given at start, with the warnings they write. */

import { port } from '../../src/lib/symbols.ts'
import type { Auth, AuthSetting, PresentSetting, Verify } from '../../src/ports/auth.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { FakeClock } from '../support/fake-clock.ts'

export interface TestSetting extends AuthSetting, PresentSetting {
  readonly warnings: ReadonlyArray<{ readonly facts: object; readonly message: string }>
}

export function setting(env: Record<string, string> = {}, clock: Clock = new FakeClock()): TestSetting {
  const warnings: { facts: object; message: string }[] = []
  return {
    env,
    source: 'shop',
    notice: (_kind, _level, message, facts) => void warnings.push({ facts, message }),
    clock,
    now: () => clock.now(),
    logger: { info() {}, warn: (facts, message) => void warnings.push({ facts, message }), error() {} },
    warnings,
  }
}

export function prepare(auth: Auth, env: Record<string, string> = {}): Promise<Verify> {
  return auth[port].prepare(setting(env))
}

/** A request that carries the given headers, in order. */
export function withHeaders(...headers: ReadonlyArray<readonly [string, string]>) {
  return { rawHeaders: ['Host', 'localhost', ...headers.flat()], target: '/webhooks/shop' }
}

/** A header value as Node hands it over: the bytes of the wire as latin-1. */
export function onTheWire(text: string, encoding: BufferEncoding = 'utf8'): string {
  return Buffer.from(text, encoding).toString('latin1')
}

export const LET_IN = { ok: true, credential: null }
export const REFUSED = { ok: false }
