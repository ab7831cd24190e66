import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { token } from '../../../src/auth/index.ts'
import { memory } from '../../../src/inboxes/memory/index.ts'
import type { Receiver } from '../../../src/index.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { send } from '../../support/neutral.ts'
import { all, receiverIn } from '../../support/receivers.ts'
import { toy } from '../../support/toy.ts'

const START = Date.UTC(2026, 5, 15, 10, 30)
const HOUR = 3_600_000
let clock: FakeClock
let receiver: Receiver<never>

function newReceiver(inbox = memory()) {
  const sources = { shop: toy(), outlet: toy() }
  const made = receiverIn(clock, { inbox, sources, handlers: { retry: { attempts: 1 } } })
  made.on('toy.ping', { name: 'pings' }, (event: { payload: object }) => {
    if ('fail' in event.payload) throw new Error('no')
  })
  receiver = made as unknown as Receiver<never>
  return made
}

const deliver = async (events: object[], source = 'shop') => {
  await send(receiver as never, { source, body: JSON.stringify(events) })
  await receiver.whenIdle()
}

beforeEach(() => {
  clock = new FakeClock(START)
  newReceiver()
})

afterEach(() => receiver.close())

const counts = async (filter: object = {}) => {
  const rows = await all(receiver.inbox.tallies(filter))
  return rows.map(({ at, source, word, count }) => `${(+at - START) / 60_000} ${source} ${word} ${count}`).sort()
}

describe('tallies', () => {
  it('count what came, what became of it and how late, and agree with stats and metrics', async () => {
    const at = START - 5_000
    await deliver([{ type: 'ping', at }, { type: 'ping', fail: 1, at: START }, { type: 'pong', at: START }, { bad: 1 }])
    await deliver([{ type: 'ping', at: START, test: true }], 'outlet')
    await deliver([{ type: 'ping', at: START, test: true }], 'outlet')
    expect(await counts({ step: 'minute' })).toEqual(
      [
        '0 shop in 1',
        '0 shop ev:toy.ping/opened 2',
        '0 shop ev:toy.pong/complained 1',
        '0 shop late:0 2',
        '0 shop late:1 1',
        '0 shop quarantined:element_unreadable 1',
        '0 shop done:pings 1',
        '0 shop dead:pings 1',
        '0 shop unhandled:toy.pong 1',
        '0 shop lag:0 1',
        '0 outlet in 1',
        '0 outlet dup 1',
        '0 outlet ev:toy.ping/opened 1',
        '0 outlet late:0 1',
        '0 outlet test 1',
        '0 outlet done:pings 1',
        '0 outlet lag:0 1',
      ].sort(),
    )
    const [stats, metrics] = [await receiver.inbox.stats(), receiver.metrics()]
    expect(metrics).toMatchObject({ accepted: 2, duplicates: 1, handled: 2, dead: 1, quarantined: 1, unhandled: 1 })
    expect(stats).toMatchObject({ deadLetters: 1, quarantined: 1, unhandled: { 'toy.pong': 1 } })
  })

  it('are asked for by time, step, source and words', async () => {
    await deliver([{ type: 'ping', n: 1 }])
    await clock.advance(HOUR)
    await deliver([{ type: 'ping', n: 2 }], 'outlet')
    expect(await counts({ words: ['in'] })).toEqual(['-30 shop in 1', '30 outlet in 1'])
    expect(await counts({ words: ['in'], step: 'day' })).toEqual(['-630 outlet in 1', '-630 shop in 1'])
    expect(await counts({ words: ['ev'], source: 'outlet' })).toEqual(['30 outlet ev:toy.ping/opened 1'])
    expect(await counts({ words: ['ev:toy.pong/complained'] })).toEqual([])
    expect(await counts({ words: ['in'], until: new Date(START) })).toEqual(['-30 shop in 1'])
    expect(await counts({ words: ['in'], since: new Date(START + HOUR) })).toEqual(['30 outlet in 1'])
  })

  it.each([{ step: 'week' }, { steps: 'day' }, { since: 7 }, { words: [] }, { source: 'shpo' }, { words: undefined }])(
    'refuse %j',
    async (filter) => {
      await expect(counts(filter)).rejects.toMatchObject({ code: 'ERR_OPTION' })
    },
  )
})

describe('uses and actions', () => {
  it('are told over restarts', async () => {
    await receiver.close()
    const inbox = memory()
    const auth = token([
      { label: 'new', secret: 'new-secret-of-the-shop' },
      { label: 'old', secret: 'old-secret-of-the-shop' },
    ])
    const rotating = () => receiverIn(clock, { inbox, sources: { shop: toy({ auth }) } })
    const first = rotating()
    const headers = ['x-messagesystems-webhook-token', 'old-secret-of-the-shop']
    expect(await send(first, { headers })).toMatchObject({ status: 200 })
    await first.close()
    await clock.advance(HOUR)
    receiver = rotating() as unknown as Receiver<never>
    await receiver.start()
    const at = new Date(START)
    expect(await receiver.inbox.seen()).toEqual([
      { source: 'shop', credential: 'old', firstUsedAt: at, lastUsedAt: at, count: 1 },
    ])
    expect(receiver.metrics().credentials.shop).toEqual([
      { label: 'new', count: 0, lastUsedAt: null },
      { label: 'old', count: 0, lastUsedAt: at },
    ])
  })

  it('have what verbs have changed, newest first, without addresses and without dry runs', async () => {
    const { inbox } = receiver
    await deliver([{ type: 'ping', fail: 1 }, { bad: 1 }])
    await inbox.retry({ handler: 'pings' }, { dryRun: true })
    await inbox.retry({ filter: 'handler:pings to:jo@shop.example,"al@shop.example" since:1h' })
    await inbox.erase({ email: 'jo@shop.example' })
    await inbox.pause('pings')
    await inbox.drop({ all: true })
    const told = await inbox.actions()
    expect(told.map(({ verb, matched, queued }) => [verb, matched, queued])).toEqual([
      ['drop', 2, 2],
      ['pause', 0, 0],
      ['erase', 0, 0],
      ['retry', 0, 0],
    ])
    expect(told[1]).toMatchObject({ at: new Date(START), filter: { handler: 'pings' } })
    expect(told[3]?.filter).toEqual({ filter: 'handler:pings to:… since:1h' })
    expect(JSON.stringify(told)).not.toContain('shop.example')
  })
})

describe('events', () => {
  const [jo, al] = ['Jo@shop.example', 'al@shop.example']

  beforeEach(async () => {
    await deliver([
      { type: 'ping', to: jo, n: 1 },
      { type: 'pong', to: al, n: 2 },
      { bad: 1, to: jo },
    ])
    await clock.advance(HOUR)
    await deliver([{ type: 'pong', to: jo, n: 3 }], 'outlet')
  })

  const numbers = async (events: AsyncIterable<{ payload: unknown }>) =>
    (await all(events)).map(({ payload }) => (payload as { n: number }).n)

  it('are found by range, type, name and words, newest first', async () => {
    const { inbox } = receiver
    const since = new Date(0)
    expect(await numbers(inbox.events({ since }))).toEqual([3, 2, 1])
    expect(await numbers(inbox.events({ since, type: 'complained' }))).toEqual([3, 2])
    expect(await numbers(inbox.events({ since, name: 'toy.ping' }))).toEqual([1])
    expect(await numbers(inbox.events({ filter: 'since:30m' }))).toEqual([3])
    expect(await numbers(inbox.events({ filter: 'since:2h -type:complained' }))).toEqual([1])
    expect(await numbers(inbox.events({ filter: 'since:2h to:jo@shop.example source:shop,outlet' }))).toEqual([3, 1])
    const [found] = await all(inbox.events({ since, name: 'toy.ping' }))
    expect(await numbers(inbox.events({ ids: [found?.id ?? ''] }))).toEqual([1])
  })

  it('ask for a range, and refuse what is not known', async () => {
    const { inbox } = receiver
    for (const filter of [{}, { type: 'complained' }, { filter: 'type:complained' }])
      await expect(numbers(inbox.events(filter))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(numbers(inbox.events({ filter: 'since:1h type:complaind' }))).rejects.toMatchObject({
      ...{ code: 'ERR_FILTER', start: 9, nearest: 'complained' },
    })
    const type = { since: new Date(0), type: 'complaind' }
    await expect(numbers(inbox.events(type))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    for (const options of [{ signals: 1 }, { signal: 1 }, { onProgress: 1 }])
      await expect(numbers(inbox.events({ filter: 'since:1h' }, options as never))).rejects.toMatchObject({
        code: 'ERR_OPTION',
      })
  })

  it('tell how far they are, and stop', async () => {
    const told: unknown[] = []
    const stop = new AbortController()
    const onProgress = (progress: object) => {
      told.push(progress)
      stop.abort()
    }
    const events = receiver.inbox.events({ since: new Date(0) }, { onProgress, signal: stop.signal })
    expect(await numbers(events)).toEqual([3])
    expect(told).toMatchObject([{ deliveries: 1, found: 1, reachedAt: new Date(START + HOUR) }])
  })

  it('of a person are looked for where they may be alone', async () => {
    const { inbox } = receiver
    await deliver([{ type: 'ping', to: al, n: 4 }], 'outlet')
    const look = async (address: string) => {
      let read = 0
      const onProgress = ({ deliveries }: { deliveries: number }) => {
        read = deliveries
      }
      return [await numbers(inbox.person(address, {}, { onProgress })), read]
    }
    // One has an element that nobody can read.
    expect(await look(jo)).toEqual([[3, 1], 2])
    expect(await look(al)).toEqual([[4, 2], 2])
    expect(await look('nobody@shop.example')).toEqual([[], 1])
  })

  it('of a person are those whose recipient it is, in any writing', async () => {
    const { inbox } = receiver
    expect(await numbers(inbox.person('JO@shop.example'))).toEqual([3, 1])
    expect(await numbers(inbox.person('jo@shop.example', { source: 'shop' }))).toEqual([1])
    expect(await numbers(inbox.person('jo@shop.example', { until: new Date(START + 1) }))).toEqual([1])
    expect(await numbers(inbox.person('jo@shop.example', { filter: 'type:complained since:2h' }))).toEqual([3])
    expect(await numbers(inbox.person('nobody@shop.example'))).toEqual([])
    await expect(numbers(inbox.person('jo@shop.example', { filter: 'handler:pings' }))).rejects.toMatchObject({
      ...{ code: 'ERR_FILTER', start: 0 },
    })
    await expect(numbers(inbox.person('jo'))).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await inbox.erase({ email: 'jo@shop.example' })
    expect(await numbers(inbox.person('jo@shop.example'))).toEqual([])
    expect(await numbers(inbox.person(al))).toEqual([2])
  })
})
