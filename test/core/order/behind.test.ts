/** A handler with `orderBy` that is behind: the rest of a long delivery is left unread. */
import { expect, it } from 'vitest'
import type { AnyEvent } from '../../../src/types.ts'
import { FakeClock, settled } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { receiverIn } from '../../support/receivers.ts'

const keyOf = ({ payload }: AnyEvent) => (payload as unknown as { key?: string }).key ?? null

it('what was parked under a key is not woken before an event of the key that was left unread', async () => {
  const clock = new FakeClock()
  const receiver = receiverIn(clock)
  const seen: number[] = []
  const slow = new Map([10, 11].map((n) => [n, Promise.withResolvers<void>()]))
  const order = { orderBy: keyOf, retry: { minMs: 5_000, maxMs: 5_000 }, concurrency: 2 }
  receiver.on('toy.ping', { name: 'kept', ...order }, async ({ payload: { n = 0 } }, { attempt }) => {
    if (n === 0 && attempt === 1) throw new Error('not now')
    await slow.get(n)?.promise
    seen.push(n)
  })
  await receiver.start()
  const post = async (...pings: object[]) => {
    await send(receiver, { body: JSON.stringify(pings.map((ping) => ({ type: 'ping', ...ping }))) })
    await settled()
  }
  await post({ n: 0, key: 'a' })
  // More than a pass hands in at once: the last one is not reached before the handler is behind.
  await post(...Array.from({ length: 300 }, (_, i) => ({ n: 10 + i })), { n: 1, key: 'a' })
  await post({ n: 2, key: 'a' })
  await clock.advance(2_500)
  slow.get(10)!.resolve()
  await clock.advance(3_000)
  expect(seen).toEqual([10, 0])
  slow.get(11)!.resolve()
  await clock.advance(1_000)
  await receiver.whenIdle()
  expect(seen.filter((n) => n < 10)).toEqual([0, 1, 2])
  expect(seen).toHaveLength(303)
  await receiver.close({ timeoutMs: 0 })
})
