/** SparkPost's cloud fetches its tokens from the receiver that it posts to, over hours. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from 'posthorn'
import { oauth2Issuer } from 'posthorn/auth'
import { emulateSparkPost, virtualClock } from 'posthorn/emulators'
import { memory } from 'posthorn/memory'
import { webhooks } from 'posthorn/node'
import { sparkpost as sparkpostSource } from 'posthorn/sparkpost'
import { moveClock } from 'posthorn/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { AnyEvent } from '../../src/types.ts'
import { api, countsOf } from './site.ts'

const [SPRING, SUMMER] = ['the spring secret of this client', 'the summer secret of this client']
const [OLD_KEY, NEW_KEY] = ['an old signing key of 32 characters', 'a new signing key of 32 characters']
const MINUTES = 5

/** Replicas of one receiver behind one address: each request goes to the next. */
async function replicas(count: number) {
  const events = new Map<string, AnyEvent>()
  const statuses: Record<string, number> = {}
  const running: { listener: RequestListener; receiver: ReturnType<typeof newReceiver> }[] = []
  let movedMs = 0
  const newReceiver = (secrets: readonly string[], keys: readonly string[]) => {
    const clientSecret = secrets.map((secret) => ({ label: secret.split(' ')[1] ?? '', secret }))
    const auth = oauth2Issuer({ clientId: 'sparkpost', clientSecret, signingKey: [...keys] })
    const source = sparkpostSource({ auth, dedupeEvents: true })
    const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: source } })
    return receiver.on('*', { name: 'collect' }, (event) => void events.set(event.senderEventId ?? '', event))
  }
  const restart = async (n: number, secrets: readonly string[], keys: readonly string[]) => {
    const receiver = newReceiver(secrets, keys)
    moveClock(receiver, movedMs)
    await receiver.start()
    const before = running[n]?.receiver
    running[n] = { receiver, listener: webhooks(receiver, { prefix: '/webhooks' }) }
    await before?.whenIdle()
    await before?.close()
  }
  let next = 0
  const server = createServer((request, response) => {
    response.on('finish', () => {
      const key = `${request.url?.replace('/webhooks/', '')} ${response.statusCode}`
      statuses[key] = (statuses[key] ?? 0) + 1
    })
    running[next++ % count]?.listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.close()
    for (const { receiver } of running) await receiver.close({ timeoutMs: 0 })
  })
  const move = (ms: number) => {
    movedMs += ms
    for (const { receiver } of running) moveClock(receiver, ms)
  }
  const settled = async () => {
    for (const { receiver } of running) await receiver.whenIdle()
    return countsOf([...events.values()])
  }
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/shop`,
    statuses,
    restart,
    restartAll: async (secrets: readonly string[], keys: readonly string[]) => {
      for (let n = 0; n < count; n++) await restart(n, secrets, keys)
    },
    move,
    settled,
    credentials: () => running.flatMap(({ receiver }) => receiver.metrics().credentials.shop ?? []),
  }
}

async function posting(tokenRequest: 'json' | 'form', replicaCount = 1) {
  const site = await replicas(replicaCount)
  await site.restartAll([SPRING], [OLD_KEY])
  const sparkpost = emulateSparkPost({ clock: virtualClock({ at: Date.now() }), tokenRequest })
  onTestFinished(() => sparkpost.close())
  const { url } = await sparkpost.listen()
  const details = (client_secret: string) => ({
    auth_request_details: {
      url: `${site.base}/token`,
      body: { client_id: 'sparkpost', client_secret, grant_type: 'client_credentials' },
    },
  })
  const webhook = {
    name: 'w',
    target: site.base,
    events: ['injection', 'delivery', 'click', 'bounce'],
    auth_type: 'oauth2',
  }
  const created = await api(url, 'POST', 'webhooks', { ...webhook, ...details(SPRING) })
  expect(created.status).toBe(200)
  const { id } = created.body.results
  /** The sender and the receiver live through the same time. */
  const hours = async (count: number) => {
    for (let passed = 0; passed < count * 60; passed += MINUTES) {
      await sparkpost.advance(`${MINUTES}m`)
      site.move(MINUTES * 60_000)
    }
  }
  return { site, sparkpost, hours, change: (secret: string) => api(url, 'PUT', `webhooks/${id}`, details(secret)) }
}

describe('SparkPost with a receiver that issues its tokens', () => {
  it.each(['json', 'form'] as const)(
    'delivers over hours, to the event, with a new token an hour (%s)',
    async (form) => {
      const { site, sparkpost, hours } = await posting(form)
      await hours(0.5)
      sparkpost.traffic({ messages: 480, perSecond: 1 / 60 })
      await hours(11)
      const report = sparkpost.report()
      expect(await site.settled()).toEqual(report.expected)
      expect(report).toMatchObject({ repeated: 0, gaveUp: { batches: 0 }, waiting: { events: 0 } })
      const { 'shop 401': refused = 0, 'shop/token 200': issued, ...others } = site.statuses
      // One for the creation, and one for each that had expired.
      expect(issued).toBe(refused + 1)
      expect(refused).toBeGreaterThanOrEqual(6)
      expect(refused).toBeLessThanOrEqual(10)
      expect(Object.keys(others)).toEqual(['shop 200'])
    },
  )

  it('refuses no delivery while client secret and signing key are rotated, replica by replica', async () => {
    const { site, sparkpost, hours, change } = await posting('json', 2)
    await hours(0.5)
    sparkpost.traffic({ messages: 900, perSecond: 0.1 })
    const both = [SUMMER, SPRING]
    const steps = [
      () => site.restart(0, both, [OLD_KEY, NEW_KEY]),
      () => site.restart(1, both, [OLD_KEY, NEW_KEY]),
      () => change(SUMMER),
      () => site.restart(0, both, [NEW_KEY, OLD_KEY]),
      () => site.restart(1, both, [NEW_KEY, OLD_KEY]),
      () => hours(1),
      () => site.restart(0, [SUMMER], [NEW_KEY]),
      () => site.restart(1, [SUMMER], [NEW_KEY]),
    ]
    for (const step of steps) {
      const { 'shop 200': before = 0 } = site.statuses
      await step()
      await hours(1 / 6)
      expect(site.statuses['shop 200']).toBeGreaterThan(before)
    }
    await hours(4)
    const report = sparkpost.report()
    expect(await site.settled()).toEqual(report.expected)
    expect(report).toMatchObject({ repeated: 0, gaveUp: { batches: 0 }, waiting: { events: 0 } })
    const { 'shop 401': refused = 0 } = site.statuses
    // Those whose hour was over, not one more.
    expect(refused).toBe((site.statuses['shop/token 200'] ?? 0) - 2)
    expect(Object.keys(site.statuses).filter((one) => !/ (200|401)$/.test(one))).toEqual([])
    expect([...new Set(site.credentials().map(({ label }) => label))]).toEqual(['summer'])
  })
})
