import { header } from 'posthorn/auth'
import { emulateEsputnik, virtualClock } from 'posthorn/emulators'
import { esputnik as esputnikSource } from 'posthorn/esputnik'
import { describe, expect, it, onTestFinished } from 'vitest'
import { windowsOf } from '../../src/clients/esputnik/windows.ts'
import { type EsputnikActivityOptions, esputnikActivity } from '../../src/clients/index.ts'
import { receiving } from '../emulators/site.ts'
import { json, refusalOf, sender } from './kit.ts'

const KEY = 'key-of-the-api'

async function emulated(options = {}) {
  const emulator = emulateEsputnik({ clock: virtualClock({ at: '2026-01-01T00:00:00Z' }), apiKey: KEY, ...options })
  onTestFinished(() => emulator.close())
  const { url } = await emulator.listen()
  return { emulator, activity: esputnikActivity({ baseUrl: url, apiKey: KEY }) }
}

async function eventsOf(activity: ReturnType<typeof esputnikActivity>, options: EsputnikActivityOptions) {
  const events: object[] = []
  for await (const page of activity.pages(options)) events.push(...page.events)
  return events
}

const JANUARY = { since: new Date('2026-01-01T00:00:00Z'), until: new Date('2026-01-02T00:00:00Z') }

describe('activities', () => {
  it('come page by page, each once, in the shape of the webhook', async () => {
    const { emulator, activity } = await emulated()
    const source = () => esputnikSource({ auth: header('X-Secret', 'a secret of some length') })
    const site = await receiving(source())
    await emulator.saveWebhook({ url: site.target, headers: { 'X-Secret': 'a secret of some length' } })
    emulator.traffic({ messages: 100 })
    await emulator.advance('4h')
    await site.counts()
    const pulled = await eventsOf(activity, { ...JANUARY, maxRows: 33 })
    const again = await receiving(source())
    await again.receiver.inject('shop', pulled)
    await again.counts()
    const told = ({ events }: typeof site) => events.map(({ payload }) => JSON.stringify(payload)).sort()
    expect(pulled.length).toBeGreaterThan(100)
    expect(told(again)).toEqual(told(site))
  })

  it('are those of an address, or of a status', async () => {
    const { emulator, activity } = await emulated()
    emulator.traffic({ messages: 50 })
    await emulator.advance('4h')
    const bounced = await eventsOf(activity, { ...JANUARY, status: 'UNDELIVERED' })
    expect(bounced.length).toBeGreaterThan(0)
    expect(bounced.every((one) => 'activityStatus' in one && one.activityStatus === 'UNDELIVERED')).toBe(true)
  })

  it('are refused where the account has no list of them', async () => {
    const { activity } = await emulated({ activityApi: false })
    const error = await refusalOf(eventsOf(activity, JANUARY))
    expect(error).toMatchObject({
      code: 'ERR_API_REJECTED',
      senderMessage: 'Contact support to enable ContactActivity.',
    })
  })

  it('are refused for another key', async () => {
    const { url } = await sender(json(401, { errorCode: 401, message: 'Unauthorized' }))
    const activity = esputnikActivity({ baseUrl: url, apiKey: KEY })
    expect(await refusalOf(eventsOf(activity, JANUARY))).toMatchObject({ code: 'ERR_API_UNAUTHORIZED' })
  })

  it('are asked for in windows of three months, with the key as password', async () => {
    const { url, asked } = await sender(json(200, []))
    const activity = esputnikActivity({ baseUrl: `${url}/api`, apiKey: KEY, user: 'me@example.com' })
    await eventsOf(activity, { since: new Date('2025-01-15T12:00:00Z'), until: new Date('2025-06-01T00:00:00Z') })
    const days = asked.map(({ url: path }) => {
      const query = new URLSearchParams(path.split('?')[1])
      return [query.get('dateFrom'), query.get('dateTo')]
    })
    expect(days).toEqual([
      ['2025-01-15', '2025-04-13'],
      ['2025-04-14', '2025-06-01'],
    ])
    expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from(`me@example.com:${KEY}`).toString('base64')}`)
  })

  it.each([[{}], ['text'], [[7]]])('are no %j', async (body) => {
    const { url } = await sender(json(200, body))
    const activity = esputnikActivity({ baseUrl: url, apiKey: KEY })
    expect(await refusalOf(eventsOf(activity, JANUARY))).toMatchObject({ code: 'ERR_API_UNREACHABLE' })
  })

  it('end, though rows without an offset come for ever under a sender that repeats one', async () => {
    const stop = new AbortController()
    const { url, asked } = await sender((response, one, n) => {
      if (n === 5) stop.abort(new Error('enough'))
      json(200, [{ offset: 1 }])(response, one, n)
    })
    const activity = esputnikActivity({ baseUrl: url, apiKey: KEY })
    await expect(eventsOf(activity, { ...JANUARY, maxRows: 1, signal: stop.signal })).rejects.toThrow('enough')
    const offsets = asked.map(({ url: path }) => new URLSearchParams(path.split('?')[1]).get('offset'))
    expect(offsets).toEqual(['0', '1', '2', '3', '4'])
  })
})

it('windows have every day once', () => {
  const days = windowsOf(new Date('2024-02-01'), new Date('2026-02-01')).flatMap(({ dateFrom, dateTo }) => {
    const [first, last] = [Date.parse(dateFrom), Date.parse(dateTo)]
    return Array.from({ length: (last - first) / 86_400_000 + 1 }, (_, n) => first + n * 86_400_000)
  })
  expect(days.length).toBe((Date.parse('2026-02-01') - Date.parse('2024-02-01')) / 86_400_000 + 1)
  expect(new Set(days).size).toBe(days.length)
  expect(windowsOf(new Date('2026-01-02'), new Date('2026-01-01'))).toEqual([])
})
