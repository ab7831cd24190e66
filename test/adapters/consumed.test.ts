import { once } from 'node:events'
import type { Server } from 'node:http'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { serve } from '@hono/node-server'
import express from 'express'
import express4 from 'express4'
import { Hono } from 'hono'
import { afterEach, describe, expect, test } from 'vitest'
import { webhooks as onExpress } from '../../src/adapters/express.ts'
import { webhooks as onNode } from '../../src/adapters/node.ts'
import { token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { type Listening, listen } from '../contracts/hosts.ts'
import { rememberingLogger } from '../support/log.ts'
import { createScriptedReceiver, type ScriptedReceiver } from '../support/scripted-receiver.ts'
import { toy } from '../support/toy.ts'
import { openWire, requestHead, type WireResponse } from '../support/wire.ts'

const EVENT = '[ {"event" : "open", "MessageID": 19421777835146491} ]'

let server: Listening | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

async function post(host: Server, subject: ScriptedReceiver, headers: Record<string, string> = {}) {
  server = await listen(host)
  const wire = await openWire(server.port)
  const all = { 'Content-Type': 'application/json', 'Content-Length': EVENT.length, ...subject.credentials, ...headers }
  await wire.send(requestHead('POST', '/webhooks/shop', all) + EVENT)
  const response = await wire.response()
  wire.socket.destroy()
  return response
}

async function expectStored(response: WireResponse, subject: ScriptedReceiver): Promise<void> {
  expect(response.status).toBe(200)
  expect((await subject.stored()).map(String)).toEqual([Buffer.from(EVENT)].map(String))
}

async function expectConsumed(response: WireResponse, subject: ScriptedReceiver): Promise<void> {
  expect(response.status).toBe(500)
  expect(JSON.parse(response.body)).toMatchObject({ error: 'body_consumed' })
  expect(await subject.stored()).toEqual([])
}

describe.each([
  ['express 5', express],
  ['express 4', express4],
])('%s with a parser before us', (_name, framework) => {
  test('that kept nothing of the bytes is told, at once', async () => {
    const subject = createScriptedReceiver()
    const app = framework().use(framework.json()).use('/webhooks', onExpress(subject.receiver))
    await expectConsumed(await post(createServer(app), subject), subject)
  })

  test('that kept text or an object is told as well', async () => {
    const subject = createScriptedReceiver()
    const keepText = (req: IncomingMessage & { rawBody?: unknown }, _res: unknown, bytes: Buffer) => {
      req.rawBody = bytes.toString()
    }
    const app = framework()
      .use(framework.json({ verify: keepText }))
      .use('/webhooks', onExpress(subject.receiver))
    await expectConsumed(await post(createServer(app), subject), subject)
  })

  test('that kept rawBody gives us those bytes', async () => {
    const subject = createScriptedReceiver()
    const keepBytes = (req: IncomingMessage & { rawBody?: unknown }, _res: unknown, bytes: Buffer) => {
      req.rawBody = bytes
    }
    const app = framework()
      .use(framework.json({ verify: keepBytes }))
      .use('/webhooks', onExpress(subject.receiver))
    await expectStored(await post(createServer(app), subject), subject)
  })

  test('that keeps rawBody is warned of once, with its own limit', async () => {
    const logger = rememberingLogger()
    const auth = token('a token of some length')
    const receiver = createReceiver({ inbox: memory(), logger, sources: { shop: toy({ auth }) } })
    await receiver.start()
    const keepBytes = (req: IncomingMessage & { rawBody?: unknown }, _res: unknown, bytes: Buffer) => {
      req.rawBody = bytes
    }
    const app = framework()
      .use(framework.json({ verify: keepBytes }))
      .use('/webhooks', onExpress(receiver))
    server = await listen(createServer(app))
    const headers = { 'content-type': 'application/json', 'x-messagesystems-webhook-token': 'a token of some length' }
    for (const n of [1, 2]) {
      const body = `[{"type":"ping","n":${n}}]`
      const answer = await fetch(`http://127.0.0.1:${server.port}/webhooks/shop`, { method: 'POST', headers, body })
      expect(answer.status).toBe(200)
    }
    await receiver.close()
    const warned = logger.lines.filter(({ facts }) => Object(facts).event === 'host.raw_body')
    // Either may have the bytes.
    const message = expect.stringMatching(/req\.rawBody, or req\.body of express\.raw\(\)/)
    expect(warned).toMatchObject([{ level: 'warn', message }])
  })

  test('that gives bytes, as express.raw() does, gives them to us', async () => {
    const subject = createScriptedReceiver()
    const app = framework()
      .use(framework.raw({ type: '*/*' }))
      .use('/webhooks', onExpress(subject.receiver))
    await expectStored(await post(createServer(app), subject), subject)
  })

  test('that left this Content-Type alone changes nothing', async () => {
    const subject = createScriptedReceiver()
    const app = framework().use(framework.json()).use('/webhooks', onExpress(subject.receiver))
    await expectStored(await post(createServer(app), subject, { 'Content-Type': 'text/plain' }), subject)
  })

  test('that found an empty body is no trouble', async () => {
    const subject = createScriptedReceiver()
    const app = framework().use(framework.json()).use('/webhooks', onExpress(subject.receiver))
    server = await listen(createServer(app))
    const wire = await openWire(server.port)
    const chunked = { ...subject.credentials, 'Transfer-Encoding': 'chunked', 'Content-Type': 'application/json' }
    await wire.send(`${requestHead('POST', '/webhooks/shop', chunked)}0\r\n\r\n`)
    expect((await wire.response()).status).toBe(200)
    wire.socket.destroy()
  })
})

test('hono with the body read before us is told', async () => {
  const subject = createScriptedReceiver()
  const app = new Hono().all('/webhooks/*', async (c) => {
    await c.req.text()
    return subject.handle(c.req.raw)
  })
  const host = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server // no other kind was asked for
  if (!host.listening) await once(host, 'listening')
  await expectConsumed(await post(host, subject), subject)
})

describe('a node host', () => {
  const mount = (subject: ScriptedReceiver, before: (req: IncomingMessage, go: () => void) => void) => {
    const ours = onNode(subject.receiver)
    return createServer((req: IncomingMessage, res: ServerResponse) => before(req, () => ours(req, res)))
  }

  test('that has read the body to its end is told', async () => {
    const subject = createScriptedReceiver()
    const host = mount(subject, (req, go) => req.on('end', go).resume())
    await expectConsumed(await post(host, subject), subject)
  })

  test('that has read only a part of the body is told', async () => {
    const subject = createScriptedReceiver()
    const host = mount(subject, (req, go) => req.once('readable', () => void [req.read(1), go()]))
    await expectConsumed(await post(host, subject), subject)
  })

  test('that asked for text is told, since bytes cannot be made of it again', async () => {
    const subject = createScriptedReceiver()
    const host = mount(subject, (req, go) => void [req.setEncoding('utf8'), go()])
    await expectConsumed(await post(host, subject), subject)
  })

  test('that only listens to the body beside us costs us nothing of it, however late it is read', async () => {
    const subject = createScriptedReceiver({ beforeReading: () => new Promise((resolve) => setTimeout(resolve, 1)) })
    let counted = 0
    const host = mount(subject, (req, go) => {
      req.on('data', (chunk: Uint8Array) => {
        counted += chunk.length
      })
      go()
    })
    await expectStored(await post(host, subject), subject)
    expect(counted).toBe(EVENT.length)
  })

  test('that paused the request before us does not stall it', async () => {
    const subject = createScriptedReceiver()
    const host = mount(subject, (req, go) => void [req.pause(), setImmediate(go)])
    await expectStored(await post(host, subject), subject)
  })
})
