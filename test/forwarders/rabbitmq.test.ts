import { expect, it } from 'vitest'
import { type ConfirmChannelLike, forward } from '../../src/forwarders/rabbitmq/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { describeBroker, event, hand } from './describe-broker.ts'
import { rabbitmq } from './sites.ts'

describeBroker(rabbitmq, (tried) => {
  it('what no queue takes comes back, and has failed; the others are confirmed', async () => {
    const { client: connection } = tried().site
    const events = Array.from({ length: 6 }, event)
    const lost = new Set([0, 3].map((at) => events[at]?.id))
    const one = forward<AnyEvent>({ connection, routingKey: ({ id }) => (lost.has(id) ? 'nobody' : 'mail') })
    const result = await hand(one, events)
    expect(result?.failed).toEqual(
      [...lost].map((id) => ({ id, error: expect.objectContaining({ code: 'ERR_FORWARD_REFUSED' }) })),
    )
    expect((await tried().arrivedOf(events)).length).toBe(4)
    await expect(hand(one, events[0] as AnyEvent)).rejects.toMatchObject({ code: 'ERR_FORWARD_REFUSED' })
    await hand(one, events[1] as AnyEvent)
  })

  it.each(['routingKey', 'exchange'] as const)('an event whose %s is too long fails alone', async (name) => {
    const { client: connection } = tried().site
    const events = [event(), event(), event()]
    const given = { routingKey: 'mail', exchange: '' }
    // 256 bytes, in 128 characters.
    const long = ({ id }: AnyEvent) => (id === events[1]?.id ? 'ä'.repeat(128) : given[name])
    const result = await hand(forward<AnyEvent>({ connection, ...given, [name]: long }), events)
    const error = { code: 'ERR_OPTION', message: `forward: ${name} must return at most 255 bytes, got 256` }
    expect(result).toMatchObject({ failed: [{ id: events[1]?.id, error }] })
    expect((await tried().arrivedOf(events)).map(({ id }) => id)).toEqual([events[0]?.id, events[2]?.id])
  })

  it('messages are persistent JSON of their type', async () => {
    const { site } = tried()
    const channel = await site.client.createChannel()
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.assertExchange('mails', 'topic', { durable: false })
    await channel.bindQueue(queue, 'mails', 'mail.#')
    const one = event()
    const made = forward<AnyEvent>({ connection: site.client, exchange: 'mails', routingKey: 'mail.x', body: () => 1 })
    await hand(made, one)
    const got = await channel.get(queue, { noAck: true })
    expect(got === false ? null : got.properties).toMatchObject({
      messageId: one.id,
      deliveryMode: 2,
      contentType: 'application/json',
      type: 'bounced',
      timestamp: Math.floor(one.receivedAt.getTime() / 1_000),
    })
    await channel.close()
  })

  it('a batch throws with one event for which the broker closes the channel, so that it is tried in parts', async () => {
    const { client: connection } = tried().site
    const events = Array.from({ length: 4 }, event)
    const bad = events[1]?.id
    const exchange = ({ id }: AnyEvent) => (id === bad ? 'none' : '')
    const one = forward<AnyEvent>({ connection, exchange, routingKey: 'mail' })
    await expect(hand(one, events)).rejects.toMatchObject({ code: 'ERR_FORWARD_REFUSED' })
    expect(await hand(one, events.slice(2))).toEqual({ failed: [] })
    expect(await hand(one, events.slice(1, 2))).toEqual({
      failed: [{ id: bad, error: expect.objectContaining({ code: 'ERR_FORWARD_REFUSED' }) }],
    })
  })

  it('an exchange that is not there closes the channel, not the process; the next event has another', async () => {
    const { client: connection } = tried().site
    let exchange = 'none'
    const one = forward<AnyEvent>({ connection, exchange: () => exchange, routingKey: 'mail' })
    const refused = { code: 'ERR_FORWARD_REFUSED', message: expect.stringContaining("no exchange 'none'") }
    await expect(hand(one, event())).rejects.toMatchObject(refused)
    exchange = ''
    await hand(one, event())
  })
})

it('names no event where a channel fails without a word of the broker', async () => {
  const channel: ConfirmChannelLike = {
    on: () => {},
    publish(_exchange, _key, _content, _options, confirmed) {
      confirmed(new Error('channel closed'))
      return true
    },
  }
  const one = forward<AnyEvent>({ connection: { createConfirmChannel: async () => channel }, routingKey: 'mail' })
  const unconfirmed = expect.objectContaining({ code: 'ERR_FORWARD_UNCONFIRMED' })
  expect(await hand(one, [event(), event()])).toMatchObject({
    failed: [{ error: unconfirmed }, { error: unconfirmed }],
  })
})

it('a channel that cannot be opened is asked for again', async () => {
  let tries = 0
  const channel: ConfirmChannelLike = {
    on: () => {},
    publish(_exchange, _key, _content, _options, confirmed) {
      confirmed(null)
      return true
    },
  }
  const connection = {
    async createConfirmChannel() {
      if (++tries === 1) throw new Error('down')
      return channel
    },
  }
  const one = forward<AnyEvent>({ connection, routingKey: 'mail' })
  expect(await hand(one, [event(), event()])).toMatchObject({ failed: [{}, {}] })
  for (let turn = 0; turn < 3; turn++) await hand(one, event())
  expect(tries).toBe(2)
})
