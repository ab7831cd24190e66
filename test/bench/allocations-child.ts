/**
 * A process that tells how many bytes of JavaScript's heap one post and one event take, rubbish included: the young
 * generation is larger than all of it, so nothing is collected in between. Prints one line of JSON.
 */
import { getHeapStatistics } from 'node:v8'
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { hostDoor } from '../../src/lib/symbols.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { batchOf } from '../../src/testing/batch.ts'
import { neutral } from '../support/neutral.ts'

const [POSTS, EVENTS] = [1_000, 2_000]

function newReceiver(role: 'both' | 'receive') {
  const sources = { shop: momentum({ auth: unauthenticated() }) }
  return createReceiver({ inbox: memory(), sources, logger: false, role })
}

async function perPost(): Promise<number> {
  const receiver = newReceiver('receive')
  await receiver.start()
  const bodies = Array.from({ length: 2 * POSTS }, (_, n) => batchOf(1, n))
  const post = async (from: number) => {
    for (const body of bodies.slice(from, from + POSTS)) {
      const { status } = await receiver[hostDoor].receive(neutral({ target: '/hooks/shop', body }))
      if (status !== 200) throw new Error(`a post was answered ${status}`)
    }
  }
  await post(0)
  return (await allocated(() => post(POSTS))) / POSTS
}

async function perEvent(): Promise<number> {
  const receiver = newReceiver('both')
  let handled = 0
  receiver.on('*', () => void handled++)
  const work = async (seed: number) => {
    await receiver.inject('shop', batchOf(EVENTS, seed))
    await receiver.whenIdle()
  }
  await work(1)
  const body = batchOf(EVENTS, 2)
  const bytes = await allocated(async () => {
    await receiver.inject('shop', body)
    await receiver.whenIdle()
  })
  if (handled !== 2 * EVENTS) throw new Error(`${handled} events were handled`)
  await receiver.close()
  return bytes / EVENTS
}

async function allocated(run: () => Promise<unknown>): Promise<number> {
  globalThis.gc?.()
  const before = getHeapStatistics().used_heap_size
  await run()
  return getHeapStatistics().used_heap_size - before
}

process.stdout.write(`${JSON.stringify({ perPost: await perPost(), perEvent: await perEvent() })}\n`)
