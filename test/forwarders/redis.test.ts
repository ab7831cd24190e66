import { expect, it } from 'vitest'
import { forward, type IoredisLike, type NodeRedisLike } from '../../src/forwarders/redis/index.ts'
import type { AnyEvent } from '../../src/types.ts'
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

it('a command that was only queued confirms nothing', async () => {
  const one = forward<AnyEvent>({ redis: { xadd: async () => 'QUEUED' }, stream: 'mail' })
  await expect(hand(one, event())).rejects.toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
})
