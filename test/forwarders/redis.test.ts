import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { describe, expect, it } from 'vitest'
import { forward, type IoredisLike, type NodeRedisLike } from '../../src/forwarders/redis/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { mayRun, startRedis } from '../support/brokers.ts'
import { describeBroker, event, hand, type Tried } from './describe-broker.ts'
import { ioredis, nodeRedis } from './sites.ts'

function describeStreams(tried: () => Tried<IoredisLike | NodeRedisLike>, lengthOf: (stream: string) => unknown) {
  it('keeps about as many entries as it is told to', async () => {
    const { client: redis } = tried().site
    const one = forward<AnyEvent>({ redis, stream: 'short', maxLength: 100 })
    const events = Array.from({ length: 1_000 }, event)
    expect(await hand(one, events)).toEqual({ failed: [] })
    // Redis drops whole nodes of 100 entries.
    expect(await lengthOf('short')).toBeLessThanOrEqual(200)
  })

  it('an event whose stream is a key of another type fails alone', async () => {
    const { client: redis } = tried().site
    const events = [event(), event()]
    await hand(forward<AnyEvent>({ redis, stream: 'mail' }), event())
    const stream = ({ id }: AnyEvent) => (id === events[0]?.id ? 'a text' : 'mail')
    const result = await hand(forward<AnyEvent>({ redis, stream }), events)
    expect(result?.failed).toEqual([
      {
        id: events[0]?.id,
        error: expect.objectContaining({
          code: 'ERR_FORWARD_UNCONFIRMED',
          message: expect.stringContaining('WRONGTYPE'),
        }),
      },
    ])
    expect((await tried().arrivedOf(events)).map(({ id }) => id)).toEqual([events[1]?.id])
  })
}

describeBroker(ioredis, (tried) => {
  it('is there', () => tried().site.client.set('a text', 'x'))
  describeStreams(tried, (stream) => tried().site.client.xlen(stream))
})

describeBroker(nodeRedis, (tried) => {
  it('is there', () => tried().site.client.set('a text', 'x'))
  describeStreams(tried, (stream) => tried().site.client.xLen(stream))
})

describe.skipIf(!mayRun('redis-server'))('clients without a queue of their own', () => {
  it.each(['ioredis', 'node-redis'] as const)(
    'send no attempt of the time without a connection later: %s',
    async (of) => {
      const broker = await startRedis()
      const client = of === 'ioredis' ? await ioredisAt(broker.port) : await nodeRedisAt(broker.port)
      const one = forward<AnyEvent>({ redis: client.redis, stream: 'mail' })
      await hand(one, event())
      const gone = told(client.redis, 'reconnecting')
      await broker.kill()
      await gone
      for (let attempt = 0; attempt < 3; attempt++)
        await expect(hand(one, event())).rejects.toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
      const back = told(client.redis, 'ready')
      await broker.start()
      await back
      await hand(one, event())
      expect(await client.count()).toBe(2)
      client.close()
      await broker.remove()
    },
  )
})

/** Errors that come meanwhile are of no matter. */
function told(client: { once(name: string, listener: () => void): unknown }, name: string): Promise<void> {
  return new Promise((resolve) => void client.once(name, resolve))
}

async function ioredisAt(port: number) {
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 50, enableOfflineQueue: false })
  redis.on('error', () => {})
  await told(redis, 'ready')
  return { redis, count: () => redis.xlen('mail'), close: () => redis.disconnect() }
}

async function nodeRedisAt(port: number) {
  const redis = createClient({ disableOfflineQueue: true, socket: { port, host: '127.0.0.1', reconnectStrategy: 50 } })
  redis.on('error', () => {})
  await redis.connect()
  return { redis, count: () => redis.xLen('mail'), close: () => redis.destroy() }
}

it('a command that was only queued confirms nothing', async () => {
  const one = forward<AnyEvent>({ redis: { xadd: async () => 'QUEUED' }, stream: 'mail' })
  await expect(hand(one, event())).rejects.toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
})
