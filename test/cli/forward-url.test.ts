/** `posthorn forward --url`: the inbox is elsewhere, behind its dashboard. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { pages } from '../../src/adapters/node.ts'
import { bearer } from '../../src/auth/index.ts'
import { type ForwardOptions, forward } from '../../src/cli/forward/forward.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { createReceiver } from '../../src/index.ts'
import { bodyOf, listening } from '../emulators/site.ts'
import { toy } from '../support/toy.ts'
import { newFolder } from './inbox-file.ts'

const SECRET = 'a secret of some length'
const ends: (() => unknown)[] = []
let said: string[] = []

beforeEach(() => {
  vi.stubEnv('XDG_STATE_HOME', newFolder())
  vi.stubEnv('POSTHORN_DASHBOARD_BEARER', SECRET)
  said = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => said.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0)
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  for (const end of ends.splice(0)) await end()
})

async function elsewhere(access: { bytes?: boolean } = {}) {
  const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger: false })
  const board = pages(dashboard(receiver, { auth: bearer(SECRET), access }))
  const server = createServer(board).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(
    () => server.close(),
    () => receiver.close({ timeoutMs: 0 }),
  )
  const inject = async (...to: string[]) => {
    for (const one of to) await receiver.inject('shop', [{ type: 'ping', to: one }])
    await receiver.whenIdle()
  }
  await receiver.start()
  return { receiver, inject, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

async function here() {
  const got: string[] = []
  const url = await listening(async (request, response) => {
    got.push(JSON.parse(await bodyOf(request))[0].to)
    response.writeHead(200).end()
  })
  return { to: `${url}/webhooks/shop`, got }
}

const forwarding = (options: Pick<ForwardOptions, 'to' | 'url'> & Partial<ForwardOptions>) =>
  forward({ ...{ from: 'start', reset: false, once: true, raw: false, filter: {}, json: false }, ...options })

it('brings the log in order, with stand-ins for people, and goes on where it was', async () => {
  const [{ url, inject }, { to, got }] = [await elsewhere(), await here()]
  await inject('jo@shop.example', 'al@shop.example', 'JO@shop.example')
  expect(await forwarding({ url, to })).toBe(0)
  expect(got).toEqual(Array(3).fill(expect.stringMatching(/^u-[a-z2-7]{10}@example\.invalid$/)))
  expect([got[0] === got[2], got[0] === got[1]]).toEqual([true, false])
  expect(await forwarding({ url, to })).toBe(0)
  expect(got).toHaveLength(3)
  await inject('AL@shop.example')
  expect(await forwarding({ url, to })).toBe(0)
  expect(got[3]).toBe(got[1])
  expect(said.join('')).not.toContain('jo@')
})

it('brings the bytes as they are with --raw, to who has the right to them', async () => {
  const [closed, open, { to, got }] = [await elsewhere(), await elsewhere({ bytes: true }), await here()]
  await closed.inject('jo@shop.example')
  await open.inject('jo@shop.example')
  await expect(forwarding({ url: closed.url, to, raw: true })).rejects.toMatchObject({
    code: 'ERR_API_UNAUTHORIZED',
    message: expect.stringContaining('"bytes"'),
  })
  expect(await forwarding({ url: open.url, to, raw: true, name: 'open' })).toBe(0)
  expect(got).toEqual(['jo@shop.example'])
})

it('waits for what comes, and ends at a signal', async () => {
  const [{ url, inject }, { to, got }] = [await elsewhere(), await here()]
  await inject('a@shop.example')
  const ended = forwarding({ url, to, once: false, from: 'now' })
  await expect.poll(() => said.join('')).toContain('ready: ')
  await inject('b@shop.example')
  await expect.poll(() => got).toHaveLength(1)
  process.emit('SIGINT')
  expect(await ended).toBe(0)
})

it.each([
  ['wrong credentials', 'ERR_API_UNAUTHORIZED', { POSTHORN_DASHBOARD_BEARER: 'another secret of length' }],
  ['no credentials', 'ERR_API_UNAUTHORIZED', { POSTHORN_DASHBOARD_BEARER: '' }],
])('ends with %s', async (_, code, env) => {
  const [{ url }, { to }] = [await elsewhere(), await here()]
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  await expect(forwarding({ url, to })).rejects.toMatchObject({ code })
  expect(said.join('')).not.toContain('another')
})

it('ends where nobody answers, where it is asked otherwise, and with the cursor of another inbox', async () => {
  const [{ url, inject }, other, { to }] = [await elsewhere(), await elsewhere(), await here()]
  await inject('a@shop.example')
  await expect(forwarding({ url: 'http://127.0.0.1:9/', to, from: 'now' })).rejects.toMatchObject({
    code: 'ERR_API_UNREACHABLE',
  })
  for (const more of [
    { from: 'since:1h' },
    { filter: { filter: 'source:shop' } },
    { inbox: join(newFolder(), 'x.db') },
  ])
    await expect(forwarding({ url, to, ...more })).rejects.toMatchObject({ code: 'ERR_OPTION' })
  expect(await forwarding({ url, to })).toBe(0)
  await expect(forwarding({ url: other.url, to })).rejects.toMatchObject({ code: 'ERR_OPTION' })
})
