/** How the cases write their requests. Private. */
import type { Plan, Send } from './case.ts'
import type { Manner, Request } from './exchange.ts'
import { usualHeaders } from './senders.ts'

export const list = (...elements: readonly string[]): string => `[${elements.join(',')}]`

interface Difference {
  readonly manner?: Manner
  /** In the place of the usual ones and the credential. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The usual headers and the credential. */
export const headersOf = (plan: Plan): Record<string, string> => ({ ...usualHeaders(plan.sender), ...plan.credential })

/** A post as the sender makes it. */
export function post(plan: Plan, body: string | Uint8Array, { manner = 'whole', headers }: Difference = {}): Request {
  return { method: 'POST', headers: headers ?? headersOf(plan), body: Buffer.from(body), manner }
}

/** A post that must be answered 200. */
export function accepted(plan: Plan, what: string, body: string | Uint8Array, difference?: Difference): Send {
  return { what, request: post(plan, body, difference), allowed: [200] }
}
