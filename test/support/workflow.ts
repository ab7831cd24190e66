/** A receiver with a workflow of eSputnik, and requests for it. */
import { z } from 'zod'
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiverIn, type World } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import type { Inbox } from '../../src/ports/inbox/index.ts'
import {
  type EsputnikWorkflowCall,
  type EsputnikWorkflowOptions,
  esputnikWorkflow,
} from '../../src/providers/esputnik/index.ts'
import { FakeClock, settled } from './fake-clock.ts'
import { rememberingLogger } from './log.ts'
import { all } from './receivers.ts'

export const params = z.object({ email: z.email() })

export type Params = z.output<typeof params>

export function workflowIn<P = Params>(
  options: Partial<EsputnikWorkflowOptions<P>> & Pick<EsputnikWorkflowOptions<P>, 'respond'>,
  more: { readonly inbox?: Inbox; readonly clock?: FakeClock; readonly receiver?: object } = {},
) {
  const { inbox = memory(), clock = new FakeClock(), receiver: rest = {} } = more
  const log = rememberingLogger()
  const world: World = {
    clock,
    random: () => 0.5,
    createPacer: () => ({ spent: () => false, breathe: () => Promise.resolve() }),
  }
  // The schema is that of the test, where it gives another one.
  const given = { auth: unauthenticated(), params, ...options } as unknown as EsputnikWorkflowOptions<P>
  const receiver = createReceiverIn(world, { inbox, sources: { wf: esputnikWorkflow(given) }, logger: log, ...rest })
  const ask = (target = '?email=jo@shop.example', init: RequestInit = {}) =>
    receiver.handle(new Request(`https://example.com/hooks/wf${target}`, init))
  /** Without a type, unless one is given. */
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}, target = '') =>
    ask(target, { method: 'POST', body: Buffer.from(body), headers })
  /** The records of calls so far, oldest first. */
  const records = async () => {
    await settled()
    const found = await all(receiver.inbox.deliveries({ source: 'wf' }))
    const bodies = await Promise.all(found.map(async ({ id }) => (await receiver.inbox.delivery(id))?.body()))
    const read = bodies.map((body) => JSON.parse(Buffer.from(body ?? []).toString()))
    return read.filter(({ record }) => record === 'workflow_call').reverse() as EsputnikWorkflowCall[]
  }
  return { receiver, clock, log, ask, post, records }
}
