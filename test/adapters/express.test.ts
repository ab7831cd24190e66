import { createServer, type RequestListener } from 'node:http'
import express from 'express'
import express4 from 'express4'
import { afterEach, describe, expect, test } from 'vitest'
import { webhooks } from '../../src/adapters/express.ts'
import { type Listening, listen } from '../contracts/hosts.ts'
import { createScriptedReceiver } from '../support/scripted-receiver.ts'
import { openWire, requestHead } from '../support/wire.ts'

const EVENT = '{"event":"open"}'

let server: Listening | undefined

afterEach(async () => {
  await server?.close()
  server = undefined
})

describe.each([
  ['express 5', express],
  ['express 4', express4],
])('%s', (_name, framework) => {
  const subject = createScriptedReceiver()

  async function post(app: RequestListener, path: string) {
    server = await listen(createServer(app))
    const wire = await openWire(server.port)
    const rest = { ...subject.credentials, 'Content-Type': 'application/json', 'Content-Length': EVENT.length }
    await wire.send(requestHead('POST', path, rest) + EVENT)
    const { status, body } = await wire.response()
    wire.socket.destroy()
    return [status, JSON.parse(body)]
  }

  test.each(['/webhooks/shop', '/api/v1/webhooks/shop', '/api/v1/webhooks/shop/?a=b'])(
    'takes a post below its mount, as deep as that is: %s',
    async (path) => {
      const router = framework.Router().use('/webhooks', webhooks(subject.receiver))
      const app = framework().use('/api/v1', router).use('/webhooks', webhooks(subject.receiver))
      expect(await post(app, path)).toEqual([200, { status: 'accepted' }])
    },
  )

  test('gives a path that is no source to the next handler, with its body unread', async () => {
    const app = framework().use('/webhooks', webhooks(subject.receiver))
    app.post('/webhooks/else', framework.json(), (req, res) => void res.json({ host: req.body }))
    expect(await post(app, '/webhooks/else')).toEqual([200, { host: { event: 'open' } }])
  })

  test('asks two receivers at one mount in turn', async () => {
    const other = createScriptedReceiver()
    const app = framework()
      .use('/webhooks', webhooks({ ...other.receiver, [Symbol.for('posthorn.receive.v1')]: unknownSource }))
      .use('/webhooks', webhooks(subject.receiver))
    expect(await post(app, '/webhooks/shop')).toEqual([200, { status: 'accepted' }])
  })
})

async function unknownSource() {
  return { status: 404, headers: {}, body: '{}', closeConnection: true, code: 'unknown_source' }
}

test('neither starts nor closes the receiver', async () => {
  const { receiver, calls } = createScriptedReceiver()
  server = await listen(createServer(express().use(webhooks(receiver))))
  expect(calls).toEqual([])
})

test('refuses a source that the receiver does not have', () => {
  const { receiver } = createScriptedReceiver()
  expect(() => webhooks(receiver, { source: 'shpo' })).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
})
