import { expect, it } from 'vitest'
import { forward } from '../../src/forwarders/nats/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { pings, receiverIn } from '../support/receivers.ts'
import { describeBroker, event, hand } from './describe-broker.ts'
import { nats } from './sites.ts'

describeBroker(nats, (tried) => {
  it('the stream drops a repeat, and confirms it', async () => {
    const { site, arrivedOf } = tried()
    const one = event()
    await hand(site.forward, one)
    expect(await hand(site.forward, [one])).toEqual({ failed: [] })
    expect((await arrivedOf([one])).length).toBe(1)
  })

  it('a subject that no stream listens to confirms nothing', async () => {
    const { js: jetstream } = tried().site.client
    const events = [event(), event()]
    const subject = ({ id }: AnyEvent) => (id === events[0]?.id ? 'nobody.listens' : 'mail.bounced')
    const one = forward<AnyEvent>({ jetstream, subject })
    expect(await hand(one, events)).toEqual({
      failed: [{ id: events[0]?.id, error: expect.objectContaining({ code: 'ERR_FORWARD_REFUSED' }) }],
    })
    expect((await tried().arrivedOf(events)).map(({ id }) => id)).toEqual([events[1]?.id])
    await expect(hand(one, events[0] as AnyEvent)).rejects.toThrow()
  })

  it('an event that is larger than the server takes fails alone', async () => {
    const { js: jetstream } = tried().site.client
    const events = [event(), event()]
    const body = ({ id }: AnyEvent) => (id === events[0]?.id ? 'x'.repeat(1_100_000) : 1)
    const error = expect.objectContaining({
      code: 'ERR_FORWARD_UNCONFIRMED',
      message: expect.stringContaining('max_payload'),
    })
    const one = forward<AnyEvent>({ jetstream, subject: 'mail.x', body })
    expect(await hand(one, events)).toEqual({ failed: [{ id: events[0]?.id, error }] })
  })

  it.each([
    ['longer than the server takes', `mail.${'x'.repeat(5_000)}`, 'at most 3900 bytes, got 5005'],
    ['with white space', 'mail.anna smith', 'a text without white space'],
    ['of several lines', 'mail.x\r\nPUB mail.y 1\r\n1', 'a text without white space'],
  ])('an event with a subject %s fails alone, and is not quoted', async (_which, wrong, why) => {
    const { js: jetstream } = tried().site.client
    const events = [event(), event(), event()]
    const subject = ({ id }: AnyEvent) => (id === events[1]?.id ? wrong : 'mail.x')
    const result = await hand(forward<AnyEvent>({ jetstream, subject }), events)
    const error = { code: 'ERR_OPTION', message: `forward: subject must return ${why}` }
    expect(result).toMatchObject({ failed: [{ id: events[1]?.id, error }] })
    expect((await tried().arrivedOf(events)).map(({ id }) => id)).toEqual([events[0]?.id, events[2]?.id])
  })

  it('a subject as long as may be is taken', async () => {
    const { js: jetstream } = tried().site.client
    const one = event()
    await hand(forward<AnyEvent>({ jetstream, subject: `mail.${'x'.repeat(3_895)}` }), one)
    expect((await tried().arrivedOf([one])).length).toBe(1)
  })

  it('nothing but the stream that is named may take it', async () => {
    const { js: jetstream } = tried().site.client
    const one = event()
    await expect(hand(forward<AnyEvent>({ jetstream, subject: 'mail.x', stream: 'OTHER' }), one)).rejects.toThrow()
    expect(await tried().arrivedOf([one])).toEqual([])
    await hand(forward<AnyEvent>({ jetstream, subject: 'mail.x', stream: 'MAIL' }), one)
    expect((await tried().arrivedOf([one])).length).toBe(1)
  })

  it('an event that fails holds those of its key, and no others, until it is confirmed', async () => {
    const { js: jetstream, manager } = tried().site.client
    const clock = new FakeClock()
    const receiver = receiverIn(clock)
    const numberOf = ({ payload }: AnyEvent) => (payload as { n: number }).n
    // The first event has a stream of its own, which is not there yet.
    const one = forward<AnyEvent>({ jetstream, subject: (event) => (numberOf(event) === 0 ? 'late.x' : 'mail.order') })
    const [confirmed, failed]: [number[], number[]] = [[], []]
    receiver.on('*', { name: 'out', orderBy: (event) => event.email }, async (event, context) => {
      try {
        await one(event, context)
        confirmed.push(numberOf(event))
      } catch (error) {
        failed.push(numberOf(event))
        throw error
      }
    })
    const pass = async (isOver: () => boolean) => {
      while (!isOver()) await clock.advance(1_000)
    }
    await receiver.inject(
      'shop',
      pings(6, (n) => ({ to: `person-${n % 2}@example.org` })),
    )
    await receiver.start()
    await pass(() => failed.length === 3)
    expect([failed, confirmed]).toEqual([
      [0, 0, 0],
      [1, 3, 5],
    ])
    await manager.streams.add({ name: 'LATE', subjects: ['late.>'] })
    await pass(() => confirmed.length === 6)
    expect(confirmed.slice(3)).toEqual([0, 2, 4])
    await receiver.close()
  })

  it('a full stream that takes no more confirms nothing', async () => {
    const { js: jetstream, manager } = tried().site.client
    await manager.streams.add({ name: 'FULL', subjects: ['full'], max_msgs: 1, discard: 'new' as never })
    const one = forward<AnyEvent>({ jetstream, subject: 'full' })
    const events = [event(), event()]
    const result = await hand(one, events)
    expect(result?.failed.map(({ id }) => id)).toEqual([events[1]?.id])
  })
})

it('what publishes without a confirmation is told from a client of JetStream', async () => {
  const one = forward<AnyEvent>({ jetstream: { publish: async () => undefined as never }, subject: 'mail' })
  await expect(hand(one, event())).rejects.toMatchObject({ code: 'ERR_FORWARD_UNCONFIRMED' })
})

it('an event whose subject cannot be told fails alone', async () => {
  const events = [event(), event(), event()]
  const subject = ({ id }: AnyEvent) => {
    if (id === events[0]?.id) throw new Error('mine')
    return id === events[1]?.id ? (7 as never) : 'mail'
  }
  const published: unknown[] = []
  const publish = async (...args: unknown[]) => {
    published.push(args)
    return { stream: 'MAIL' }
  }
  const result = await hand(forward<AnyEvent>({ jetstream: { publish }, subject, timeoutMs: 7 }), events)
  expect(result?.failed).toEqual([
    { id: events[0]?.id, error: new Error('mine') },
    { id: events[1]?.id, error: expect.objectContaining({ code: 'ERR_OPTION' }) },
  ])
  expect(published).toEqual([['mail', JSON.stringify(events[2]), { msgID: events[2]?.id, timeout: 7 }]])
})
