import { describe, expect, it } from 'vitest'
import { retentionOf } from '../../src/core/retention.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { all, pings, receiverIn } from '../support/receivers.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const MINUTES = 6 * 60_000

describe('the option retention', () => {
  it('keeps bodies and keys for 7 days, dead letters and quarantine for 90', () => {
    expect(retentionOf({})).toEqual({
      ...{ bodiesMs: 7 * DAY, keysMs: 7 * DAY, deadLettersMs: 90 * DAY, quarantineMs: 90 * DAY },
      maxBytes: null,
    })
  })

  it('takes texts, numbers of ms, and for ever', () => {
    const options = { bodies: '90s', keys: 'forever', deadLetters: 5, quarantine: '30m', maxBytes: 1 << 30 } as const
    expect(retentionOf(options)).toEqual({
      ...{ bodiesMs: 90_000, keysMs: Number.POSITIVE_INFINITY, deadLettersMs: 5, quarantineMs: 1_800_000 },
      maxBytes: 1 << 30,
    })
    expect(retentionOf({ keys: '48h', bodies: 0 })).toMatchObject({ keysMs: 48 * HOUR, bodiesMs: 0 })
  })

  it.each([
    [{ keys: '47h' }, 'retention.keys'],
    [{ keys: 0 }, 'retention.keys'],
    [{ bodies: '7 days' }, 'retention.bodies'],
    [{ bodies: -1 }, 'retention.bodies'],
    [{ bodies: Number.NaN }, 'retention.bodies'],
    [{ deadLetters: '' }, 'retention.deadLetters'],
    [{ quarantine: null }, 'retention.quarantine'],
    [{ maxBytes: 10 }, 'retention.maxBytes'],
    [{ days: 7 }, 'days'],
  ])('refuses %j by name', (options, name) => {
    const receiver = () => receiverIn(new FakeClock(), { retention: options })
    expect(receiver).toThrow(expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining(name) }))
  })
})

describe('a receiver', () => {
  it('lets go of old bytes in the background, and says so when it is asked for them', async () => {
    const clock = new FakeClock()
    const receiver = receiverIn(clock, { retention: { bodies: '1h', keys: '48h' } })
    receiver.on('*', () => {})
    const { id } = await receiver.inject('shop', pings(3))
    await receiver.whenIdle()
    await clock.advance(MINUTES)
    expect(await receiver.inbox.delivery(id)).toMatchObject({ kept: 'all', bytes: pings(3).length })
    await clock.advance(HOUR)
    const delivery = await receiver.inbox.delivery(id)
    expect(delivery).toMatchObject({ kept: 'none', bytes: pings(3).length, events: 3 })
    await expect(delivery?.body()).rejects.toMatchObject({ code: 'ERR_BODY_GONE' })
    expect(await receiver.inject('shop', pings(3))).toEqual({ id, status: 'duplicate' })
    await clock.advance(48 * HOUR)
    expect(await receiver.inbox.delivery(id)).toBeNull()
    await receiver.close()
  })

  it('reports what prune has let go of', async () => {
    const clock = new FakeClock()
    const receiver = receiverIn(clock, { retention: { bodies: 0, deadLetters: '1m', quarantine: '1m' } })
    receiver.on('*', { retry: { attempts: 1 } }, () => {
      throw new Error('no')
    })
    await receiver.inject('shop', pings(2))
    await receiver.inject('shop', '[broken')
    await receiver.whenIdle()
    expect(await receiver.inbox.prune()).toEqual({ bodies: 1, deliveries: 0, deadLetters: 0, quarantined: 0 })
    await clock.advance(60_000)
    expect(await receiver.inbox.prune()).toEqual({ bodies: 1, deliveries: 0, deadLetters: 2, quarantined: 1 })
    expect(await receiver.inbox.stats()).toMatchObject({ expired: 3, deadLetters: 0, quarantined: 0, cancelled: 0 })
    await receiver.close()
  })

  it('tries a dead letter again when its delivery has lost its bytes', async () => {
    const clock = new FakeClock()
    const receiver = receiverIn(clock, { retention: { bodies: 0 } })
    const [seen, fails]: [string[], { yes: boolean }] = [[], { yes: true }]
    receiver.on('*', { name: 'a', retry: { attempts: 1 } }, (event) => {
      if (fails.yes) throw new Error('no')
      seen.push(event.id)
    })
    const { id } = await receiver.inject('shop', pings(3))
    await receiver.whenIdle()
    await receiver.inbox.prune()
    expect(await all(receiver.inbox.deliveries())).toMatchObject([{ kept: 'none' }])
    fails.yes = false
    await receiver.inbox.retry({ ids: [`${id}.1`] })
    await receiver.whenIdle()
    await receiver.inbox.retry({ ids: [`${id}.2`] })
    await receiver.whenIdle()
    expect(seen).toEqual([`${id}.1`, `${id}.2`])
    expect(await receiver.inbox.stats()).toMatchObject({ deadLetters: 1, pending: 0, quarantined: 0 })
    expect(await receiver.inbox.prune()).toMatchObject({ bodies: 1 })
    await receiver.close()
  })
})
