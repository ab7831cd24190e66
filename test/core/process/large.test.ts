import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createReceiver } from '../../../src/core/receiver.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import { toy } from '../../support/toy.ts'

const MIB = 1 << 20
/** Of which an eighth is for bodies: one and a half of those below. */
const memoryBytes = 24 * MIB

const large = (n: number) => `[${JSON.stringify({ type: 'ping', n, pad: 'x'.repeat(2 * MIB) })}]`
const manySmall = (n: number) =>
  JSON.stringify(
    Array.from({ length: 200 }, (_, i) => ({ type: i === 0 ? 'ping' : 'pong', n, pad: 'x'.repeat(10_000) })),
  )

/** The most events that a handler of pings had at once, and how many came. */
async function handled(bodies: readonly string[]) {
  const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, memoryBytes, logger: false })
  let [now, most, count] = [0, 0, 0]
  receiver.on('toy.ping', async () => {
    most = Math.max(most, ++now)
    for (let turn = 0; turn < 50; turn++) await nextTurn()
    now--
    count++
  })
  for (const body of bodies) await receiver.inject('shop', body)
  await receiver.start()
  await receiver.whenIdle()
  await receiver.close()
  return { most, count }
}

describe('large elements', () => {
  it('are handled one after the other where memory has no room for two', async () => {
    expect(await handled([1, 2, 3, 4, 5].map(large))).toEqual({ most: 1, count: 5 })
  })

  it('that wait let the receiver close', async () => {
    const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, memoryBytes, logger: false })
    const called = Promise.withResolvers<void>()
    receiver.on('toy.ping', () => {
      called.resolve()
      return new Promise(() => {})
    })
    for (const body of [1, 2, 3].map(large)) await receiver.inject('shop', body)
    await receiver.start()
    await called.promise
    expect(await receiver.close({ timeoutMs: 20 })).toMatchObject({ drained: false })
  })

  it('hold no other delivery back', async () => {
    expect(await handled([1, 2, 3].map(manySmall))).toEqual({ most: 2, count: 3 })
  })
})
