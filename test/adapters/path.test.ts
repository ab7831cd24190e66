/** A secret in the address, on every host, over a socket. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { serve } from '@hono/node-server'
import express from 'express'
import express4 from 'express4'
import fastify, { type FastifyServerOptions } from 'fastify'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import * as onExpress from '../../src/adapters/express.ts'
import * as onFastify from '../../src/adapters/fastify.ts'
import * as onNode from '../../src/adapters/node.ts'
import { anyOf, path, query, token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { type Listening, listen } from '../contracts/hosts.ts'
import { rememberingLogger } from '../support/log.ts'
import { toy } from '../support/toy.ts'
import { openWire, requestHead } from '../support/wire.ts'

const SECRET = 'a-path-of-some-length.~_'
const TOKEN = { 'X-MessageSystems-Webhook-Token': 'a token of some length' }
const EVENT = '[{"type":"ping"}]'

const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function newReceiver() {
  const logger = rememberingLogger()
  const sources = {
    only: toy({ auth: path(SECRET), answersGet: true }),
    both: toy({ auth: anyOf(path(SECRET), token('a token of some length')) }),
    plain: toy({ auth: token('a token of some length') }),
    asked: toy({ auth: query('key', SECRET) }),
  }
  const receiver = createReceiver({ inbox: memory(), sources, logger })
  closers.push(() => receiver.close({ timeoutMs: 0 }))
  return { receiver, logger }
}

type Receiver = ReturnType<typeof newReceiver>['receiver']

async function onFastifyWith(receiver: Receiver, options: FastifyServerOptions = {}) {
  const app = fastify(options)
  app.register(onFastify.webhooks(receiver), { prefix: '/webhooks' })
  app.register(onFastify.webhooks(receiver, { source: 'only' }), { prefix: '/old' })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return app.server
}

function onExpressWith(framework: typeof express) {
  return async function onExpressApp(receiver: Receiver): Promise<Server> {
    const app = framework().use('/webhooks', onExpress.webhooks(receiver))
    return createServer(app.use('/old', onExpress.webhooks(receiver, { source: 'only' })))
  }
}

const HOSTS: [string, (receiver: Receiver) => Promise<Server>][] = [
  [
    'node',
    async (receiver) => {
      const ours = onNode.webhooks(receiver, { prefix: '/webhooks' })
      const old = onNode.webhooks(receiver, { source: 'only' })
      return createServer((req, res) => (req.url?.startsWith('/old') ? old(req, res) : ours(req, res)))
    },
  ],
  ['express 5', onExpressWith(express)],
  ['express 4', onExpressWith(express4)],
  ['fastify', (receiver) => onFastifyWith(receiver)],
  [
    'hono',
    async (receiver) => {
      const app = new Hono()
      app.all('/webhooks/*', (c) => receiver.handle(c.req.raw, { prefix: '/webhooks' }))
      app.all('/old/*', (c) => receiver.handle(c.req.raw, { source: 'only' }))
      const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
      if (!server.listening) await once(server, 'listening')
      return server
    },
  ],
]

async function request(server: Listening, method: string, target: string, headers: Record<string, string> = {}) {
  const wire = await openWire(server.port)
  const body = method === 'POST' ? EVENT : ''
  await wire.send(requestHead(method, target, { ...headers, 'Content-Length': body.length }) + body)
  const { status } = await wire.response({ head: method === 'HEAD' })
  wire.socket.destroy()
  return status
}

async function listening(open: (receiver: Receiver) => Promise<Server>) {
  const { receiver, logger } = newReceiver()
  const server = await listen(await open(receiver))
  closers.unshift(() => server.close())
  const ask = (method: string, target: string, headers = {}) => request(server, method, target, headers)
  return { ask, logger }
}

describe.each(HOSTS)('%s', (_name, open) => {
  test('lets in an address with the secret before the name, and knows no other', async () => {
    const { ask, logger } = await listening(open)
    expect(await ask('POST', `/webhooks/${SECRET}/only`)).toBe(200)
    expect(await ask('POST', `/webhooks/${SECRET}/only/`)).toBe(200)
    expect(await ask('POST', `/webhooks/${SECRET}/only?a=b`)).toBe(200)
    for (const target of [
      '/webhooks/only',
      '/webhooks/wrong/only',
      `/webhooks/${SECRET}/x/only`,
      `/webhooks/${SECRET}/none`,
    ])
      for (const method of ['POST', 'GET', 'HEAD']) expect([target, await ask(method, target)]).toEqual([target, 404])
    expect(logger.text()).not.toContain(SECRET)
  })

  test('answers the check of an address with GET and HEAD', async () => {
    const { ask } = await listening(open)
    for (const method of ['GET', 'HEAD']) expect(await ask(method, `/webhooks/${SECRET}/only`)).toBe(200)
    expect(await ask('PUT', `/webhooks/${SECRET}/only`)).toBe(405)
  })

  test('takes the last segment where the source is given', async () => {
    const { ask } = await listening(open)
    expect(await ask('POST', `/old/${SECRET}`)).toBe(200)
    expect(await ask('POST', `/old/${SECRET}/`)).toBe(200)
    expect(await ask('POST', '/old/wrong')).toBe(404)
    expect(await ask('POST', '/old')).toBe(404)
  })

  test('serves both addresses of a source that may be asked in two ways', async () => {
    const { ask } = await listening(open)
    expect(await ask('POST', `/webhooks/${SECRET}/both`)).toBe(200)
    expect(await ask('POST', '/webhooks/both', TOKEN)).toBe(200)
    expect(await ask('POST', '/webhooks/both')).toBe(401)
    expect(await ask('POST', '/webhooks/plain', TOKEN)).toBe(200)
    expect(await ask('POST', `/webhooks/${SECRET}/plain`, TOKEN)).toBe(404)
  })
})

test('fastify takes a secret of 100 characters, or as many as it is told', async () => {
  const long = 'x'.repeat(101)
  const opening = (options: FastifyServerOptions) => async () => {
    const sources = { long: toy({ auth: path(long) }), fits: toy({ auth: path(long.slice(1)) }) }
    const receiver = createReceiver({ inbox: memory(), sources, logger: false })
    const app = fastify(options)
    app.register(onFastify.webhooks(receiver))
    await app.listen({ port: 0, host: '127.0.0.1' })
    return app.server
  }
  const asItComes = await listening(opening({}))
  expect(await asItComes.ask('POST', `/${long.slice(1)}/fits`)).toBe(200)
  expect(await asItComes.ask('POST', `/${long}/long`)).toBe(414)
  const told = await listening(opening({ routerOptions: { maxParamLength: 101 } }))
  expect(await told.ask('POST', `/${long}/long`)).toBe(200)
})

describe('the log of fastify', () => {
  test('shows the route in the place of an address that holds a secret', async () => {
    const lines: string[] = []
    const stream = { write: (line: string) => void lines.push(line) }
    const { ask } = await listening((receiver) => onFastifyWith(receiver, { logger: { stream } }))
    expect(await ask('POST', `/webhooks/${SECRET}/only`)).toBe(200)
    expect(await ask('POST', `/webhooks/${SECRET}x/only`)).toBe(404)
    expect(await ask('POST', `/old/${SECRET}`)).toBe(200)
    expect(await ask('POST', `/webhooks/asked?key=${SECRET}`)).toBe(200)
    expect(await ask('POST', '/webhooks/plain?a=b', TOKEN)).toBe(200)
    expect(lines.join('')).not.toContain(SECRET)
    const urls = lines.flatMap((line) => JSON.parse(line).req?.url ?? [])
    expect(urls).toEqual([
      '/webhooks/:secret/only',
      '/webhooks/:secret/only',
      '/old/:secret',
      '/webhooks/asked',
      '/webhooks/plain?a=b',
    ])
  })
})
