import { once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as onFastify from '../../src/adapters/fastify.ts'
import * as onNode from '../../src/adapters/node.ts'
import { createScriptedReceiver, type ScriptedReceiver } from '../support/scripted-receiver.ts'

interface Http2Host {
  readonly name: string
  listen(subject: ScriptedReceiver): Promise<{ readonly port: number; close(): Promise<unknown> }>
}

/** Node's types keep the requests of HTTP/2 apart, though they have all that a listener uses. */
type Http2Listener = Parameters<typeof createServer>[1]

const hosts: readonly Http2Host[] = [
  {
    name: 'node:http2',
    async listen({ receiver }) {
      const server = createServer(onNode.webhooks(receiver) as unknown as Http2Listener)
      await once(server.listen(0, '127.0.0.1'), 'listening')
      return {
        port: (server.address() as AddressInfo).port, // a TCP server's address is never text
        close: () => new Promise((resolve) => server.close(resolve)),
      }
    },
  },
  {
    name: 'fastify',
    async listen({ receiver }) {
      const app = fastify({ http2: true })
      app.register(onFastify.webhooks(receiver))
      await app.listen({ port: 0, host: '127.0.0.1' })
      return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
    },
  },
]

describe.each(hosts)('HTTP/2 on $name', ({ listen }) => {
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  let subject: ScriptedReceiver
  let server: Awaited<ReturnType<Http2Host['listen']>>
  let session: ClientHttp2Session

  beforeEach(async () => {
    subject = createScriptedReceiver()
    server = await listen(subject)
    session = connect(`http://127.0.0.1:${server.port}`)
    process.on('warning', warned)
  })

  afterEach(async () => {
    session.destroy()
    await server.close()
    process.off('warning', warned)
    warnings.length = 0
  })

  function post(path: string, headers: Readonly<Record<string, string>> = subject.credentials): ClientHttp2Stream {
    return session.request({ ':method': 'POST', ':path': path, ...headers })
  }

  /** The answer, once the server has closed the stream. */
  async function answerOf(stream: ClientHttp2Stream) {
    // Node's client closes a stream only when its own half ends, too.
    const closed = stream.writableEnded ? once(stream, 'close') : once(stream, 'aborted')
    const ended = once(stream, 'end')
    let body = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    const [headers] = await once(stream, 'response')
    await Promise.all([ended, closed])
    return { status: headers[':status'], headers, body: JSON.parse(body), code: stream.rstCode }
  }

  test('takes a post, and names no connection in its answer', async () => {
    subject.shutDown()
    const stream = post('/shop')
    stream.end(subject.event)
    const { status, headers, body } = await answerOf(stream)
    expect([status, body]).toEqual([200, { status: 'accepted' }])
    expect(headers).not.toHaveProperty('connection')
    expect(await subject.stored()).toEqual([Buffer.from(subject.event)])
    // Node leaves out what HTTP/2 has no place for, and warns.
    expect(warnings).toEqual([])
  })

  test.each([
    ['credentials', 401, '/shop', {}],
    ['a body over the limit', 413, '/small', null],
  ])('closes the stream of a refused upload: %s', async (_why, status, path, headers) => {
    const stream = post(path, headers ?? subject.credentials)
    stream.write(Buffer.alloc(300_000, ' '))
    const answer = await answerOf(stream)
    expect([answer.status, answer.code]).toEqual([status, constants.NGHTTP2_NO_ERROR])
    expect(answer.headers).not.toHaveProperty('connection')
    const next = post('/shop')
    next.end(subject.event)
    expect((await answerOf(next)).status).toBe(200)
    expect(warnings).toEqual([])
  })

  test('holds nothing of a refused upload that would keep the server open', async () => {
    const stream = post('/shop', {})
    stream.write(Buffer.alloc(300_000, ' '))
    await answerOf(stream)
    stream.destroy()
    session.close()
    await server.close()
  })

  test('notes a sender that leaves before the answer', async () => {
    const held = subject.hold()
    const stream = post('/shop')
    stream.end(subject.event)
    await held.reached
    stream.close(constants.NGHTTP2_CANCEL)
    await once(stream, 'close')
    // What is asked after it is answered after the server has seen it leave.
    const probe = session.request({ ':method': 'HEAD', ':path': '/shop' })
    await once(probe.resume(), 'close')
    held.release()
    await vi.waitFor(async () => expect(await subject.senderLeft()).toBe(1))
  })
})
