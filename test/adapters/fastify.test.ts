import type { AddressInfo } from 'node:net'
import fastify, { type FastifyServerOptions } from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { webhooks } from '../../src/adapters/fastify.ts'
import { createScriptedReceiver } from '../support/scripted-receiver.ts'
import { openWire, requestHead } from '../support/wire.ts'

const EVENT = '{"event":"open"}'
const closers: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function build(options: FastifyServerOptions = {}) {
  const subject = createScriptedReceiver()
  const app = fastify(options)
  closers.push(() => app.close())
  app.register(webhooks(subject.receiver), { prefix: '/webhooks' })
  const post = (url: string, headers = subject.credentials) =>
    app.inject({ method: 'POST', url, headers: { ...headers }, payload: EVENT })
  return { app, subject, post }
}

describe('the life of the app', () => {
  test('starts the receiver when it is ready, and closes it when it closes', async () => {
    const { app, subject } = build()
    expect(subject.calls).toEqual([])
    await app.ready()
    expect(subject.calls).toEqual(['start'])
    await app.close()
    expect(subject.calls).toEqual(['start', 'close'])
  })

  test('does not listen when the receiver does not start', async () => {
    const subject = createScriptedReceiver()
    const app = fastify()
    closers.push(() => app.close())
    app.register(webhooks({ ...subject.receiver, start: () => Promise.reject(new Error('disk is gone')) }))
    await expect(app.listen({ port: 0 })).rejects.toThrow('disk is gone')
    expect(app.server.listening).toBe(false)
  })

  test('closes the receiver when the requests under way are answered', async () => {
    const { app, subject } = build()
    await app.listen({ port: 0, host: '127.0.0.1' })
    const held = subject.hold()
    const wire = await openWire((app.server.address() as AddressInfo).port) // it listens on a port
    const rest = { ...subject.credentials, 'Content-Length': EVENT.length }
    await wire.send(requestHead('POST', '/webhooks/shop', rest) + EVENT)
    await held.reached
    const closed = app.close()
    await vi.waitFor(() => expect(app.server.listening).toBe(false))
    expect(subject.calls).toEqual(['start'])
    held.release()
    expect((await wire.response()).status).toBe(200)
    wire.socket.destroy()
    await closed
    expect(subject.calls).toEqual(['start', 'close'])
  })
})

describe('the host', () => {
  test("'s own onRequest hooks come first and may answer", async () => {
    const { app, subject, post } = build()
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-host', 'kept')
      if (request.headers['x-blocked'] !== undefined) await reply.code(403).send('blocked')
    })
    expect((await post('/webhooks/shop', { ...subject.credentials, 'X-Blocked': '1' })).statusCode).toBe(403)
    expect(await subject.stored()).toEqual([])
  })

  test('runs its onResponse hooks for our answers', async () => {
    const { app, post } = build()
    const statuses: number[] = []
    app.addHook('onResponse', async (_request, reply) => void statuses.push(reply.statusCode))
    await post('/webhooks/shop')
    expect(statuses).toEqual([200])
  })

  test('injects requests without a socket', async () => {
    const { subject, post } = build()
    const response = await post('/webhooks/shop')
    expect([response.statusCode, response.json()]).toEqual([200, { status: 'accepted' }])
    expect((await post('/webhooks/shop', { 'X-Token': 'wrong' })).statusCode).toBe(401)
    expect((await subject.stored()).map(String)).toEqual([Buffer.from(EVENT)].map(String))
  })

  test.each<FastifyServerOptions>([
    {},
    { routerOptions: { ignoreTrailingSlash: true } },
    { routerOptions: { ignoreDuplicateSlashes: true } },
    { exposeHeadRoutes: false },
  ])('may be made with %j', async (options) => {
    const { app, post } = build(options)
    expect((await post('/webhooks/shop')).statusCode).toBe(200)
    expect((await post('/webhooks/shop/')).statusCode).toBe(200)
    expect((await app.inject({ method: 'HEAD', url: '/webhooks/shop' })).statusCode).toBe(200)
    expect((await app.inject({ method: 'OPTIONS', url: '/webhooks/shop' })).statusCode).toBe(405)
  })

  test('keeps its parsers and its prefix', async () => {
    const { app, post } = build()
    app.post('/echo', async (request) => request.body)
    expect((await post('/shop')).statusCode).toBe(404)
    expect((await app.inject({ method: 'POST', url: '/echo', payload: { a: 1 } })).json()).toEqual({ a: 1 })
  })
})

describe('the plugin', () => {
  test('can be registered at several prefixes, and for one source at an address of its own', async () => {
    const { app, subject, post } = build()
    app.register(webhooks(subject.receiver), { prefix: '/again' })
    app.register(webhooks(subject.receiver, { source: 'shop' }), { prefix: '/old/address' })
    app.register(webhooks(subject.receiver, { source: 'shop' }))
    for (const url of ['/webhooks/shop', '/again/shop', '/old/address', '/old/address/', '/'])
      expect([url, (await post(url)).statusCode]).toEqual([url, 200])
  })

  test('refuses a source that the receiver does not have', () => {
    const { receiver } = createScriptedReceiver()
    expect(() => webhooks(receiver, { source: 'shpo' })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })
})
