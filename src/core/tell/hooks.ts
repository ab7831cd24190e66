/** The hooks of the user. Only those that are given listen; what they throw is a line, and changes nothing. */
import { callSafely } from '../../lib/call-safely.ts'
import type { Facts } from '../../ports/telling.ts'
import type { Hooks } from '../../public/options.ts'
import { toAttemptErrors } from '../read/to-public.ts'
import type { Teller } from './teller.ts'

export function callHooks(teller: Teller, hooks: Hooks): void {
  const call = (hook: keyof Hooks, run: () => unknown) =>
    callSafely(run, (error) => teller.tell('hookThrew', { hook, error }))
  const { failed, deadLettered, quarantined, rejected, unhandled, senderLeft, acted } = hooks
  if (rejected) teller.on('refused', (fact) => call('rejected', () => rejected({ ...fact })))
  if (senderLeft) teller.on('senderLeft', (departure) => call('senderLeft', () => senderLeft(departure)))
  if (acted) teller.on('acted', (act) => call('acted', () => acted({ ...act })))
  if (failed)
    teller.on('failed', ({ retryAt, ...failure }) =>
      call('failed', () => failed({ ...failure, retryAt: new Date(retryAt) })),
    )
  if (deadLettered)
    teller.on('settled', (fact) => {
      for (const letter of lettersOf(fact)) call('deadLettered', () => deadLettered(letter))
    })
  if (quarantined)
    teller.on('settled', ({ claim: { delivery }, end: { settlement } }) => {
      const { source, id: deliveryId } = delivery
      for (const { index, reason, path, at } of settlement.quarantined)
        call('quarantined', () => quarantined({ source, deliveryId, index, reason, path, since: new Date(at) }))
    })
  if (unhandled)
    teller.on('settled', ({ claim: { delivery }, end: { settlement } }) => {
      for (const [name, count] of Object.entries(settlement.unhandled))
        call('unhandled', () => unhandled({ name, source: delivery.source, count }))
    })
}

function lettersOf({ end }: Facts['settled']) {
  return end.dead.map(({ event, letter }) => {
    const { handler, attempts } = letter
    return {
      event,
      handler,
      attempts,
      errors: toAttemptErrors(letter.errors),
      since: new Date(letter.at),
      redeliveries: 0,
    }
  })
}
