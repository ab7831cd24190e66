/** The examples of whole applications, as they are, with the packed package, against emulated senders. */
import { readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { emulateEsputnik } from 'posthorn/emulators'
import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { areBrought } from '../support/brought.ts'
import { freePort } from '../support/free-port.ts'
import { install, newApplication, PACKS_MS } from '../support/installed.ts'
import { programsOf, startServer } from '../support/postgres.ts'
import { inboxSays, SECRET, SENDERS, sentBy } from './sending.ts'
import { Started } from './started.ts'

const MINUTE = 60_000
const node = process.execPath
const ours = 'node_modules'
const root = join(import.meta.dirname, '../..')
const built = newApplication('emulated')

beforeAll(() => install(built, ['fastify-plugin', 'jose']), PACKS_MS)
afterAll(() => rmSync(built, { recursive: true, force: true }))

let started: Started | undefined
const open: Array<() => unknown> = []
afterEach(async () => {
  await started?.kill()
  started?.remove()
  for (const close of open.splice(0)) await close()
})

interface Example {
  readonly name: string
  readonly files: string
  readonly modules: readonly string[]
  /** Where they lie; else with ours. */
  readonly from?: string
  readonly command: readonly [string, ...string[]]
  readonly path: string
  readonly sender: keyof typeof SENDERS
}

const EXAMPLES: readonly Example[] = [
  ...[
    { name: 'Express', files: 'express.ts', command: [node, 'express.ts'] as const },
    { name: 'Express in CommonJS', files: 'express-cjs', command: [node, 'main.js'] as const },
  ].map((one) => ({ ...one, modules: ['express'], path: '/webhooks/shop', sender: 'momentum' as const })),
  {
    ...{ name: 'Fastify', files: 'fastify.ts', modules: ['fastify'], command: [node, 'fastify.ts'] },
    ...{ path: '/webhooks/news', sender: 'mailjet' },
  },
  {
    ...{ name: 'node:http', files: 'node.ts', modules: [], command: [node, 'node.ts'] },
    ...{ path: '/webhooks/crm', sender: 'esputnik' },
  },
  {
    ...{ name: 'Hono', files: 'hono.ts', modules: ['hono', '@hono'], command: [node, 'hono.ts'] },
    ...{ path: '/webhooks/crm', sender: 'esputnik' },
  },
  ...['nest', 'koa'].flatMap((name): Example[] => {
    const from = `examples/${name}/node_modules`
    // Not installed with the package: `npm ci --prefix examples/<name>` brings them.
    if (!areBrought(join(root, 'examples', name))) return []
    const modules = readdirSync(join(root, from)).filter((one) => !['jose', 'fastify-plugin'].includes(one))
    return [
      { name, files: name, modules, from, command: [node, 'main.js'], path: '/webhooks/shop', sender: 'momentum' },
    ]
  }),
]

const ENV = {
  ...{ WEBHOOK_TOKEN: SECRET, MOMENTUM_TOKEN: SECRET, MAILJET_PASSWORD: SECRET, SPARKPOST_PASSWORD: SECRET },
  ...{ YESPO_KEY: SECRET, WORKFLOW_PASSWORD: SECRET, SESSION_SECRET: SECRET, OPS_PASSWORD: SECRET },
}

const make = (files: string, modules: readonly string[], from = ours) => {
  started = new Started(
    files,
    built,
    modules.map((name) => [name, from]),
  )
  return started
}

describe.each(EXAMPLES)('the example of $name', ({ files, modules, from, command, path, sender }) => {
  it('stores and handles all that its sender sends, repeats once', { timeout: 3 * MINUTE }, async () => {
    const example = make(files, modules, from)
    const address = await example.start(command, ENV)
    const sent = await sentBy(await SENDERS[sender](address + path))
    await example.stop()
    expect(await inboxSays(example.folder, 'events', '--limit', '1000')).toHaveLength(sent)
    expect(await inboxSays(example.folder, 'stats')).toMatchObject([{ pending: 0, deadLetters: 0, quarantined: 0 }])
  })
})

it('the dashboard opens to who has signed in, and acts for an admin alone', { timeout: 3 * MINUTE }, async () => {
  const example = make('dashboard-login', ['express', 'express-session'])
  const address = await example.start([node, 'main.js'], ENV)
  await sentBy(await SENDERS.momentum(`${address}/webhooks/shop`))
  const login = (name: string, password: string) =>
    fetch(`${address}/login`, { method: 'POST', body: new URLSearchParams({ name, password }), redirect: 'manual' })
  const see = async (cookie: string) => {
    const answer = await fetch(`${address}/ops?as=json`, { headers: { cookie } })
    return { status: answer.status, text: await answer.text() }
  }
  expect((await see('')).status).toBe(404)
  expect((await login('ann', 'guess')).status).toBe(401)
  for (const name of ['bob', 'ann']) {
    const cookie = (await login(name, SECRET)).headers.getSetCookie()[0]?.split(';')[0] ?? ''
    const { status, text } = await see(cookie)
    expect([status, JSON.parse(text)]).toMatchObject([200, {}])
    // As a browser sends a form of its page.
    const headers = { cookie, origin: address, 'sec-fetch-site': 'same-origin' }
    const body = new URLSearchParams({ filter: 'source:shop' })
    const asked = await fetch(`${address}/ops?do=replay&as=json`, { method: 'POST', headers, body })
    expect([name, asked.status]).toEqual([name, name === 'ann' ? 200 : 403])
  }
  await example.stop()
})

it('the forwarder hands on each event, signed', { timeout: 3 * MINUTE }, async () => {
  const secret = `whsec_${Buffer.from('a secret of twenty-four.').toString('base64')}`
  const ids = new Set<string>()
  const other = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const headers = request.headers as Record<string, string>
    new Webhook(secret).verify(body, headers)
    ids.add(String(headers['webhook-id']))
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => other.once('listening', resolve))
  open.push(() => other.close())
  const PIPE_URL = `http://127.0.0.1:${(other.address() as AddressInfo).port}/mail-events`
  const example = make('forward', [])
  const address = await example.start([node, 'main.js'], { ...ENV, PIPE_URL, PIPE_SECRET: secret })
  const sent = await sentBy(await SENDERS.mailjet(`${address}/webhooks/news`))
  await expect.poll(() => ids.size, { timeout: MINUTE }).toBe(sent)
  await example.stop()
})

it('a workflow gives each contact one promo code, however often it is launched', { timeout: 3 * MINUTE }, async () => {
  const example = make('esputnik-workflow.ts', ['zod'])
  const address = await example.start([node, 'esputnik-workflow.ts'], ENV)
  const emulator = emulateEsputnik({ allowHttp: true })
  open.push(() => emulator.close())
  const { workflows } = emulator
  for (const [id, email] of [
    [1, 'ann@example.com'],
    [2, 'bo@example.com'],
  ] as const) {
    workflows.saveContact({ id, email })
    workflows.saveEvent({ key: email, params: { email } })
  }
  workflows.saveBlock({
    name: 'WH5',
    url: `${address}/webhooks/promo?email=$email`,
    connector: { type: 'basic', username: 'yespo', password: SECRET },
  })
  const launch = async (event: string) => {
    const message = `code $!data.get('WH5').get('promocode')`
    return (await workflows.launch({ event, blocks: ['WH5'], message })).message
  }
  const told = [await launch('ann@example.com'), await launch('bo@example.com'), await launch('ann@example.com')]
  expect(told).toEqual(['code SPRING-1', 'code SPRING-2', 'code SPRING-1'])
  await example.stop()
})

const isBrought = areBrought(import.meta.dirname)

describe.skipIf(!isBrought || (programsOf() === null && !process.env.CI))('the cloud function', () => {
  it('answers 200 when the events are handled, and a scheduler drains', { timeout: 3 * MINUTE }, async () => {
    const database = await startServer()
    open.push(() => database.remove())
    const port = await freePort()
    started = new Started('cloud-function', built, [
      ['pg', ours],
      ['@google-cloud', 'test/hosts/node_modules'],
    ])
    const framework = join(import.meta.dirname, 'node_modules/@google-cloud/functions-framework/build/src/main.js')
    const env = { ...ENV, PORT: String(port), DATABASE_URL: database.url }
    const address = await started.start([node, framework, '--source=main.js', '--target=webhooks'], env)
    const emulated = await SENDERS.momentum(`${address}/shop`)
    const sent = await sentBy(emulated)
    expect(sent).toBeGreaterThan(20)
    // A 200 is the end of the work: nothing waits for a process that may be gone.
    expect(await database.run('select count(*)::int as n from posthorn.work')).toEqual([{ n: 0 }])
    expect(await database.run('select count(*)::int > 0 as stored from posthorn.delivery')).toEqual([{ stored: true }])
    expect(started.lines).toMatch(/^suppress d_/m)
    await started.kill()
    await started.start([node, framework, '--source=main.js', '--target=drain'], env)
    expect((await fetch(`http://127.0.0.1:${port}/`, { method: 'POST' })).status).toBe(204)
  })
})
