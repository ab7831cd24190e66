import { createReceiver } from 'posthorn'
import { header, token } from 'posthorn/auth'
import { emulateEsputnik, emulateSparkPost, type Fault, virtualClock } from 'posthorn/emulators'
import { esputnik } from 'posthorn/esputnik'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { webhooks as served } from 'posthorn/node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { backfill, esputnikActivity, momentumWebhooks, reconcile, sparkpostEvents } from '../../src/clients/index.ts'
import { createReceiverIn } from '../../src/core/receiver.ts'
import type { AnyEvent } from '../../src/types.ts'
import { listening, TOKEN } from '../emulators/site.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { json, refusalOf, sender } from './kit.ts'

const HOUR_MS = 3_600_000

/** Posts of batches whose number this takes never reach the target; tests of the sender do. */
const losing =
  (isLost: (n: number) => boolean): Fault =>
  (wire) => {
    let n = 0
    return (post) => (isLost(++n) ? Promise.resolve({ status: null, code: 'ECONNRESET', ms: 0 }) : wire(post))
  }

/** Batches whose number this takes never reach the target, however often they are repeated. */
const losingBatches = (isLost: (at: number) => boolean): Fault => {
  const order: string[] = []
  return (wire) => (post) => {
    const id = post.headers['X-MessageSystems-Batch-ID'] ?? ''
    if (!order.includes(id)) order.push(id)
    return isLost(order.indexOf(id)) ? Promise.resolve({ status: null, code: 'ECONNRESET', ms: 0 }) : wire(post)
  }
}

/** SparkPost and a receiver; `faults` are around the posts of batches. */
async function prepared(faults: readonly Fault[] = [], options: object = {}) {
  const receiver = createReceiver({
    inbox: memory(),
    logger: false,
    sources: { shop: momentum({ auth: token(TOKEN) }) },
    ...options,
  })
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  await receiver.start()
  const target = `${await listening(served(receiver))}/webhooks/shop`
  const clock = virtualClock({ at: Date.now() - 5 * HOUR_MS })
  const sparkpost = emulateSparkPost({ clock, apiKey: 'key', faults, batchEvents: 50 })
  onTestFinished(async () => void (await Promise.all([receiver.close({ timeoutMs: 0 }), sparkpost.close()])))
  const { url } = await sparkpost.listen()
  const hooks = momentumWebhooks({ baseUrl: url, apiKey: 'key' })
  const types = ['injection', 'delivery', 'bounce', 'open', 'click']
  await hooks.create({ name: 'shop', target, events: types, auth: { token: TOKEN } })
  await sparkpost.advance('1m')
  const client = sparkpostEvents({ baseUrl: url, apiKey: 'key' })
  // What webhooks were not asked for is no loss.
  const pull = {
    marginMs: client.marginMs,
    pages: (asked: Parameters<typeof client.pages>[0]) => client.pages({ ...asked, events: types, perPage: 40 }),
  }
  const idsOf = (all: readonly AnyEvent[]) => all.map(({ senderEventId }) => senderEventId).sort()
  const send = async () => {
    sparkpost.traffic({ messages: 100, perSecond: 10 })
    await sparkpost.advance('4h')
    await receiver.whenIdle()
  }
  return { receiver, sparkpost, hooks, pull, events, send, idsOf, since: new Date(Date.now() - 6 * HOUR_MS) }
}

describe('backfill', () => {
  it('puts in what was lost, each event once, and then nothing', async () => {
    const { receiver, sparkpost, pull, events, send, idsOf, since } = await prepared(
      [losingBatches((at) => at % 2 === 0)],
      {
        retention: { bodies: 'forever' },
      },
    )
    await send()
    const { expected } = sparkpost.report()
    const all = Object.values(expected).reduce((sum, count) => sum + count, 0)
    const cameOf = new Set(events.map(({ senderEventId }) => senderEventId)).size
    expect(cameOf).toBeGreaterThan(0)
    expect(cameOf).toBeLessThan(all)
    const progress: number[] = []
    const options = {
      client: pull,
      source: 'shop',
      since,
      onProgress: ({ pulled }: { pulled: number }) => void progress.push(pulled),
    }
    const report = await backfill(receiver, options)
    expect(report).toMatchObject({
      pulled: all,
      total: all,
      injected: all - cameOf,
      present: cameOf,
      untold: 0,
      outside: 0,
      stopped: false,
    })
    expect(progress).toEqual(Array.from({ length: Math.ceil(all / 40) }, (_, n) => Math.min((n + 1) * 40, all)))
    await receiver.whenIdle()
    expect(new Set(idsOf(events)).size).toBe(all)
    expect(idsOf(events).length).toBe(all)
    const again = await backfill(receiver, options)
    expect(again).toMatchObject({ injected: 0, present: all, deliveries: [] })
  })

  it('puts in everything where nothing came, in the envelope of the webhook', async () => {
    const { receiver, pull, events, send, since } = await prepared([losing(() => true)])
    await send()
    expect(events).toEqual([])
    const report = await backfill(receiver, { client: pull, source: 'shop', since })
    expect(report.injected).toBeGreaterThan(200)
    await receiver.whenIdle()
    expect(events.length).toBe(report.injected)
    expect(new Set(events.map(({ nativeType }) => nativeType))).toContain('track_event.click')
    expect(new Set(events.map(({ delivery }) => delivery.id))).toEqual(new Set(report.deliveries))
    const [first] = report.deliveries
    expect(
      JSON.parse(Buffer.from((await (await receiver.inbox.delivery(first ?? ''))?.body()) ?? '').toString())[0],
    ).toHaveProperty('msys')
  })

  it('over a complete inbox puts in nothing', async () => {
    const { receiver, pull, events, send, since } = await prepared()
    await send()
    const before = events.length
    expect(await backfill(receiver, { client: pull, source: 'shop', since })).toMatchObject({
      injected: 0,
      present: before,
    })
    await receiver.whenIdle()
    expect(events.length).toBe(before)
  })

  it('takes events of its time alone', async () => {
    const { receiver, pull, events, send } = await prepared([losing(() => true)])
    await send()
    const [since, until] = [new Date(Date.now() - 4.5 * HOUR_MS), new Date(Date.now() - 3.5 * HOUR_MS)]
    const report = await backfill(receiver, { client: pull, source: 'shop', since, until })
    await receiver.whenIdle()
    expect(report.injected).toBeGreaterThan(0)
    for (const { occurredAt } of events) {
      expect(occurredAt.getTime()).toBeGreaterThanOrEqual(since.getTime())
      expect(occurredAt.getTime()).toBeLessThan(until.getTime())
    }
  })

  it('ends with the signal, and another run goes on from there', async () => {
    const { receiver, pull, events, send, since, idsOf } = await prepared([losing(() => true)])
    await send()
    const stop = new AbortController()
    const options = { client: pull, source: 'shop', since }
    const stopped = await backfill(receiver, { ...options, signal: stop.signal, onProgress: () => stop.abort() })
    expect(stopped).toMatchObject({ stopped: true, pulled: 40, injected: 40 })
    const rest = await backfill(receiver, options)
    expect(rest).toMatchObject({ stopped: false, present: 40 })
    await receiver.whenIdle()
    expect(new Set(idsOf(events)).size).toBe(40 + rest.injected)
    expect(events.length).toBe(40 + rest.injected)
  })

  it('sees what webhooks bring in the meantime', async () => {
    const wire = (n: number) => ({
      type: 'click',
      event_id: `${n}`,
      timestamp: String(Math.floor(Date.now() / 1_000) - 60),
    })
    const elements = [1, 2, 3].map((n) => ({ msys: { track_event: wire(n) } }))
    const { receiver } = await prepared()
    const client = {
      marginMs: 0,
      async *pages() {
        yield { events: elements.slice(0, 1), total: null }
        await receiver.inject('shop', JSON.stringify(elements.slice(1, 2)))
        yield { events: elements, total: null }
      },
    }
    const report = await backfill(receiver, { client, source: 'shop', since: new Date(Date.now() - HOUR_MS) })
    expect(report).toMatchObject({ pulled: 4, injected: 2, present: 2 })
  })

  it('leaves out what nobody can tell, unless it may repeat', async () => {
    const { receiver, events } = await prepared()
    const element = { msys: { track_event: { type: 'click' } } }
    const client = {
      marginMs: 0,
      async *pages() {
        yield { events: [element], total: 1 }
      },
    }
    const options = { client, source: 'shop', since: new Date(Date.now() - HOUR_MS) }
    expect(await backfill(receiver, options)).toMatchObject({ pulled: 1, injected: 0 })
    const [untold] = [await backfill(receiver, { ...options, until: new Date(Date.now() + HOUR_MS), mayRepeat: true })]
    expect(untold).toMatchObject({ untold: 1, injected: 1 })
    await receiver.whenIdle()
    expect(events.length).toBe(1)
  })

  it('refuses a time whose bodies are not kept, unless it may repeat', async () => {
    const { receiver, pull } = await prepared([], { retention: { bodies: '2h', keys: '48h' } })
    const options = { client: pull, source: 'shop', since: new Date(Date.now() - 3 * HOUR_MS) }
    await expect(backfill(receiver, options)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('retention.bodies'),
    })
    expect(await backfill(receiver, { ...options, mayRepeat: true })).toMatchObject({ stopped: false })
  })

  it('refuses a time of which a person was erased, who would come back', async () => {
    const { receiver, pull, events, send, since } = await prepared()
    await send()
    const email = events.find((event) => event.email !== null)?.email ?? ''
    await receiver.inbox.erase({ email })
    const options = { client: pull, source: 'shop', since }
    await expect(backfill(receiver, options)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('not kept'),
    })
  })

  it('has the error of the sender', async () => {
    const { receiver } = await prepared()
    const { url } = await sender(json(403, { errors: [{ message: 'Forbidden.' }] }))
    const client = sparkpostEvents({ baseUrl: url, apiKey: 'key' })
    const call = backfill(receiver, { client, source: 'shop', since: new Date(Date.now() - HOUR_MS) })
    expect(await refusalOf(call)).toMatchObject({ code: 'ERR_API_UNAUTHORIZED' })
  })

  it.each([
    [{ source: 'shpo' }],
    [{ client: {} }],
    [{ since: new Date(Number.NaN) }],
    [{ since: undefined }],
    [{ until: new Date(0) }],
    [{ mayRepeat: 1 }],
    [{ onProgress: 1 }],
    [{ dryRun: true }],
  ])('refuses %j', async (wrong) => {
    const { receiver, pull } = await prepared()
    const options = { client: pull, source: 'shop', since: new Date(Date.now() - HOUR_MS), ...wrong }
    await expect(backfill(receiver, options as never)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})

it('backfill puts in what eSputnik lost, told by fingerprints, whatever the zone of the account', async () => {
  const clock = new FakeClock(Date.UTC(2026, 0, 10, 12))
  const auth = header('X-Secret', TOKEN)
  const receiver = createReceiverIn(
    { clock, random: Math.random, createPacer: () => ({ spent: () => false, breathe: async () => {} }) },
    { inbox: memory(), logger: false, sources: { crm: esputnik({ auth, timeZone: 'Europe/Kyiv' }) } },
  )
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  await receiver.start()
  const target = `${await listening(served(receiver))}/webhooks/crm`
  const sender = emulateEsputnik({
    clock: virtualClock({ at: '2026-01-09T22:30:00Z' }),
    apiKey: 'key',
    timeZone: 'Europe/Kyiv',
    // All that fails is repeated without end: nothing comes within the test.
    retryDelays: ['100h'],
    batchEvents: 20,
    faults: [losing((n) => n > 3)],
  })
  onTestFinished(async () => void (await Promise.all([receiver.close({ timeoutMs: 0 }), sender.close()])))
  await sender.saveWebhook({ url: target, headers: { 'X-Secret': TOKEN } })
  sender.traffic({ messages: 100, perSecond: 1 })
  await sender.advance('3h')
  await receiver.whenIdle()
  const came = events.length
  expect(came).toBeGreaterThan(0)
  const client = esputnikActivity({ baseUrl: (await sender.listen()).url, apiKey: 'key' })
  const options = {
    client,
    source: 'crm',
    since: new Date('2026-01-09T22:00:00Z'),
    until: new Date('2026-01-10T12:00:00Z'),
  }
  const report = await backfill(receiver, options)
  const { expected } = sender.report()
  const all = Object.values(expected).reduce((sum, count) => sum + count, 0)
  expect(report).toMatchObject({ pulled: all, present: came, injected: all - came, untold: 0, outside: 0 })
  expect(await backfill(receiver, options)).toMatchObject({ injected: 0, present: all })
})

describe('reconcile', () => {
  it('names batches that failed and never came, and those that came again', async () => {
    // The answer to every third batch is lost: it came, and comes again. Every fourth never comes.
    const tries = new Map<string, number>()
    const order: string[] = []
    const fault: Fault = (wire) => async (post) => {
      const id = post.headers['X-MessageSystems-Batch-ID'] ?? ''
      if (!order.includes(id)) order.push(id)
      const [at, tried] = [order.indexOf(id), (tries.get(id) ?? 0) + 1]
      tries.set(id, tried)
      if (at % 4 === 3) return { status: null, code: 'ECONNRESET', ms: 0 }
      const outcome = await wire(post)
      return at % 3 === 1 && tried === 1 ? { status: null, code: 'ETIMEDOUT', ms: 0 } : outcome
    }
    const { receiver, hooks, send } = await prepared([fault])
    await send()
    const report = await reconcile(receiver, { client: hooks, source: 'shop' })
    const plain = (id: string | undefined) => id?.replaceAll('-', '')
    const [never, again] = [
      order.filter((_, at) => at % 4 === 3),
      order.filter((_, at) => at % 3 === 1 && at % 4 !== 3),
    ]
    expect(never.length).toBeGreaterThan(1)
    expect(report.lost.map(({ batchId }) => batchId).sort()).toEqual(never.map(plain).sort())
    for (const lost of report.lost) expect(lost).toMatchObject({ failureCode: 'ECONNRESET', at: expect.any(Date) })
    expect(report.arrived.map(({ batchId }) => batchId).sort()).toEqual(again.map(plain).sort())
    for (const { repeats, failureCode, deliveryId } of report.arrived) {
      expect([repeats, failureCode]).toEqual([1, null])
      expect(plain((await receiver.inbox.delivery(deliveryId))?.batchId ?? undefined)).toBe(
        report.arrived.find((one) => one.deliveryId === deliveryId)?.batchId,
      )
    }
    expect(report.batches).toBe(never.length + again.length)
  })

  it('reads batch ids of 31 digits, whose first is a zero', async () => {
    const { receiver } = await prepared()
    const statuses = [
      {
        batch_id: '13c6764994a8f6b4e29906d5712ca7d',
        ts: new Date().toISOString(),
        attempts: 2,
        failure_code: 400,
        response_code: 400,
      },
    ]
    const { url } = await sender(json(200, { results: statuses }))
    const post = await fetch(`${await listening(served(receiver))}/webhooks/shop`, {
      method: 'POST',
      headers: {
        'x-messagesystems-webhook-token': TOKEN,
        'x-messagesystems-batch-id': '013c6764-994a-8f6b-4e29-906d5712ca7d',
      },
      body: '[{"msys":{"track_event":{"type":"click"}}}]',
    })
    expect(post.status).toBe(200)
    const client = momentumWebhooks({ baseUrl: url, apiKey: 'key' })
    expect(await reconcile(receiver, { client, source: 'shop', webhook: 'id' })).toMatchObject({
      lost: [],
      arrived: [{ failureCode: '400', repeats: 0 }],
    })
  })

  it('asks for a webhook where none posts to the source', async () => {
    const { receiver } = await prepared()
    const { url } = await sender(json(200, { results: [{ id: '1', name: 'w', target: 'https://a.example/other' }] }))
    const client = momentumWebhooks({ baseUrl: url, apiKey: 'key' })
    await expect(reconcile(receiver, { client, source: 'shop' })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(reconcile(receiver, { client, source: 'shpo' })).rejects.toMatchObject({ code: 'ERR_OPTION' })
    await expect(reconcile(receiver, { client: {} as never, source: 'shop' })).rejects.toMatchObject({
      code: 'ERR_OPTION',
    })
    await expect(reconcile({} as never, { client, source: 'shop' })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
