/** Every call of every client, under every fault of a sender: one coded error, without secrets, and never a hang. */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  catalogueDrift,
  defineHooks,
  esputnikActivity,
  mailjetEventCallbacks,
  mailjetParseRoutes,
  momentumRelayWebhooks,
  momentumWebhooks,
  sparkpostEvents,
} from '../../src/clients/index.ts'
import { refusalOf, shownOf } from './kit.ts'

const TIMEOUT_MS = 4_321

/** What ends the calls that are under way, as their time limit would. */
const limits = vi.hoisted(() => new Set<() => void>())

// The waits between tries pass at once; the time limit of a try when a fault says so.
vi.mock('../../src/core/base/clock.ts', async (original) => {
  const { systemClock } = await original<typeof import('../../src/core/base/clock.ts')>()
  const after = (ms: number, run: () => void) => {
    if (ms !== TIMEOUT_MS) return systemClock.after(0, run)
    limits.add(run)
    return () => void limits.delete(run)
  }
  return { systemClock: { ...systemClock, after } }
})

const KEYS = { apiKey: 'the-key-of-the-api', apiSecret: 'the-secret-of-the-api' }
const TOKEN = 'a-token-of-some-length'
const TARGET = 'https://hooks.example.com/webhooks/shop'

async function firstOf(pages: AsyncIterable<unknown>): Promise<unknown> {
  for await (const page of pages) return page
  return null
}

const CALLS: Readonly<Record<string, (baseUrl: string) => Promise<unknown>>> = Object.fromEntries([
  ...momentumCalls(),
  ...mailjetCalls(),
  [
    'esputnikActivity pages',
    (baseUrl: string) =>
      firstOf(esputnikActivity({ ...at(baseUrl), apiKey: KEYS.apiKey }).pages({ since: new Date() })),
  ],
])

const at = (baseUrl: string) => ({ baseUrl, timeoutMs: TIMEOUT_MS })

function momentumCalls(): [string, (baseUrl: string) => Promise<unknown>][] {
  const options = (baseUrl: string) => ({ ...at(baseUrl), apiKey: KEYS.apiKey })
  const webhooks = (baseUrl: string) => momentumWebhooks(options(baseUrl))
  const relays = (baseUrl: string) => momentumRelayWebhooks(options(baseUrl))
  const auth = { token: TOKEN }
  const settings = { name: 'w', target: TARGET, events: ['click'], auth }
  const hooks = (baseUrl: string) => defineHooks({ momentum: [settings], clients: { momentum: webhooks(baseUrl) } })
  return [
    ['momentumWebhooks create', (url) => webhooks(url).create(settings)],
    ['momentumWebhooks list', (url) => webhooks(url).list()],
    ['momentumWebhooks get', (url) => webhooks(url).get('id')],
    ['momentumWebhooks update', (url) => webhooks(url).update('id', { auth })],
    ['momentumWebhooks delete', (url) => webhooks(url).delete('id')],
    ['momentumWebhooks validate', (url) => webhooks(url).validate('id')],
    ['momentumWebhooks batchStatus', (url) => webhooks(url).batchStatus('id')],
    ['momentumWebhooks eventDocumentation', (url) => webhooks(url).eventDocumentation()],
    ['momentumWebhooks eventSamples', (url) => webhooks(url).eventSamples()],
    ['momentumRelayWebhooks create', (url) => relays(url).create({ name: 'r', target: TARGET, domain: 'd', auth })],
    ['momentumRelayWebhooks list', (url) => relays(url).list()],
    ['momentumRelayWebhooks get', (url) => relays(url).get('id')],
    ['momentumRelayWebhooks update', (url) => relays(url).update('id', { auth })],
    ['momentumRelayWebhooks delete', (url) => relays(url).delete('id')],
    ['momentumRelayWebhooks validate', (url) => relays(url).validate('id')],
    ['sparkpostEvents pages', (url) => firstOf(sparkpostEvents(options(url)).pages({ since: new Date() }))],
    ['catalogueDrift', (url) => catalogueDrift({ client: webhooks(url) })],
    ['hooks plan', (url) => hooks(url).plan()],
    ['hooks test', (url) => hooks(url).test()],
  ]
}

function mailjetCalls(): [string, (baseUrl: string) => Promise<unknown>][] {
  const callbacks = (baseUrl: string) => mailjetEventCallbacks({ ...at(baseUrl), ...KEYS })
  const routes = (baseUrl: string) => mailjetParseRoutes({ ...at(baseUrl), ...KEYS })
  const auth = { username: 'mailjet', password: TOKEN }
  const hook = { name: 'h', target: TARGET, events: ['open'], auth }
  return [
    ['mailjetEventCallbacks list', (url) => callbacks(url).list()],
    ['mailjetEventCallbacks ensure', (url) => callbacks(url).ensure({ eventType: 'open', url: TARGET, auth })],
    ['mailjetEventCallbacks delete', (url) => callbacks(url).delete(1)],
    ['mailjetEventCallbacks revive', (url) => callbacks(url).revive(1)],
    ['mailjetParseRoutes list', (url) => routes(url).list()],
    ['mailjetParseRoutes create', (url) => routes(url).create({ url: TARGET, auth })],
    ['mailjetParseRoutes update', (url) => routes(url).update(1, { url: TARGET, auth })],
    ['mailjetParseRoutes delete', (url) => routes(url).delete(1)],
    ['hooks plan of Mailjet', (url) => defineHooks({ mailjet: [hook], clients: { mailjet: callbacks(url) } }).plan()],
  ]
}

type Speak = (socket: Socket, heard: string) => void

const answer =
  (status: string, body: (heard: string) => string, headers = ''): Speak =>
  (socket, heard) => {
    const text = Buffer.from(body(heard))
    socket.end(`HTTP/1.1 ${status}\r\ncontent-length: ${text.length}\r\nconnection: close\r\n${headers}\r\n${text}`)
  }

const nothing = () => ''

/** Repeats the key and the body, as servers that explain themselves do. */
function repeated(heard: string): string {
  const said = `${/^authorization: (.*)$/im.exec(heard)?.[1]} ${heard.slice(heard.indexOf('\r\n\r\n'))}`
  return JSON.stringify({ errors: [{ message: said }], ErrorMessage: said, message: said })
}

const FAULTS: Readonly<Record<string, readonly [code: string, status: number | null, speak: Speak]>> = {
  'a 500': ['ERR_API_UNREACHABLE', 500, answer('500 Oops', repeated)],
  'a 503 of a proxy': ['ERR_API_UNREACHABLE', 503, answer('503 Busy', () => '<html>')],
  'a 429 for ever': ['ERR_API_RATE_LIMITED', 429, answer('429 Slow', repeated)],
  'a 429 for an hour': ['ERR_API_RATE_LIMITED', 429, answer('429 Slow', nothing, 'retry-after: 3600\r\n')],
  'a 401': ['ERR_API_UNAUTHORIZED', 401, answer('401 No', repeated)],
  'a 404': ['ERR_API_NOT_FOUND', 404, answer('404 No', nothing)],
  'a 422': ['ERR_API_REJECTED', 422, answer('422 No', repeated)],
  'a redirect': ['ERR_API_UNREACHABLE', 302, answer('302 There', nothing, 'location: http://127.0.0.1:9/\r\n')],
  'no JSON': ['ERR_API_UNREACHABLE', 200, answer('200 OK', (heard) => `<html>${heard}`)],
  'half an answer': [
    'ERR_API_UNREACHABLE',
    null,
    (socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{"res'),
  ],
  'no HTTP': ['ERR_API_UNREACHABLE', null, (socket, heard) => void socket.end(`hello ${heard}`)],
  'a hang-up': ['ERR_API_UNREACHABLE', null, (socket) => void socket.destroy()],
  silence: ['ERR_API_UNREACHABLE', null, () => void setImmediate(() => [...limits].map((over) => over()))],
}

/** An answer before the end of a request would be lost when the connection closes. */
function isWhole(heard: string): boolean {
  const head = heard.indexOf('\r\n\r\n')
  const length = Number(/^content-length: (\d+)$/im.exec(heard)?.[1] ?? 0)
  return head >= 0 && heard.length >= head + 4 + length
}

async function speaking(speak: Speak): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    let heard = ''
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1')
      if (isWhole(heard)) speak(socket, heard)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.each(Object.entries(FAULTS))('under %s', (_, [code, status, speak]) => {
  it.each(Object.entries(CALLS))('%s rejects with its code', async (_name, call) => {
    const error = await refusalOf(call(await speaking(speak)))
    expect(error).toMatchObject({ code, status })
    for (const secret of [TOKEN, ...Object.values(KEYS)]) expect(shownOf(error)).not.toContain(secret)
  })
})
