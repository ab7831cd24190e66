import { createServer } from 'node:http'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { webhooks } from '../../src/adapters/node.ts'
import { type Chunks, flowOf } from '../../src/http/flow.ts'
import { letGo } from '../../src/lib/let-go.ts'
import { hostDoor } from '../../src/lib/symbols.ts'
import type { HostDoor, NeutralRequest, NeutralResponse, ReceiverLike } from '../../src/ports/host.ts'
import { type Listening, listen } from '../contracts/hosts.ts'
import { createScriptedReceiver } from '../support/scripted-receiver.ts'
import { openWire, requestHead, type Wire } from '../support/wire.ts'

const EVENT = '{"event":"open"}'

let server: Listening | undefined
const wires: Wire[] = []

afterEach(async () => {
  for (const { socket } of wires.splice(0)) socket.destroy()
  await server?.close()
  server = undefined
})

/** A server with one receiver that does what the test says. */
async function serveWith(take: (request: NeutralRequest) => Promise<NeutralResponse>): Promise<Wire> {
  const receiver: ReceiverLike = {
    [hostDoor]: { receive: take, sourceNames: ['shop'] },
    start: async () => {},
    close: async () => {},
  }
  server = await listen(createServer(webhooks(receiver)))
  return open()
}

/** The same receiver; what is received goes elsewhere. */
function receivedBy(receiver: ReceiverLike, take: HostDoor['receive']): ReceiverLike {
  return { ...receiver, [hostDoor]: { ...receiver[hostDoor], receive: take } }
}

async function open(): Promise<Wire> {
  const wire = await openWire(server!.port)
  wires.push(wire)
  return wire
}

function answer(status: number, more: Partial<NeutralResponse> = {}): NeutralResponse {
  return { status, headers: {}, body: '{}', closeConnection: false, code: null, ...more }
}

const post = (length = EVENT.length) => requestHead('POST', '/webhooks/shop', { 'Content-Length': length })

describe('webhooks', () => {
  test('hands over the request as it was received', async () => {
    let seen: NeutralRequest | undefined
    const wire = await serveWith(async (request) => {
      seen = request
      return answer(200)
    })
    await wire.send(requestHead('POST', '/a//b/../shop/?x=%20', { 'X-Key': ['one', 'two'], 'x-KEY': 'three' }))
    await wire.response()
    expect(seen).toMatchObject({ method: 'POST', target: '/a//b/../shop/?x=%20', body: null, source: undefined })
    expect(seen?.rawHeaders.slice(-6)).toEqual(['X-Key', 'one', 'X-Key', 'two', 'x-KEY', 'three'])
  })

  test('hands over the source and the prefix it was given', async () => {
    const { receiver, requests } = createScriptedReceiver()
    const listeners = [webhooks(receiver, { source: 'shop' }), webhooks(receiver, { prefix: '/hooks' })]
    server = await listen(createServer((req, res) => listeners[Number(req.headers['x-listener'])]!(req, res)))
    const wire = await open()
    for (const index of [0, 1]) {
      await wire.send(requestHead('HEAD', '/hooks/shop', { 'X-Listener': index }))
      await wire.response({ head: true })
    }
    expect(requests).toMatchObject([{ source: 'shop' }, { prefix: '/hooks' }])
  })

  test.each([
    [{ source: 'shpo' }],
    [{ prefix: 'webhooks' }],
    [{ prefix: '/webhooks/' }],
    [{ prefix: '/' }],
    [{ prefix: '' }],
  ])('refuses %j', (options) => {
    const { receiver } = createScriptedReceiver()
    expect(() => webhooks(receiver, options)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }))
  })

  test('neither starts nor closes the receiver', async () => {
    const { receiver, calls } = createScriptedReceiver()
    server = await listen(createServer(webhooks(receiver)))
    expect(calls).toEqual([])
  })
})

describe('an answer', () => {
  test('that ends the connection says so and ends it, the body having been read', async () => {
    const subject = createScriptedReceiver()
    subject.shutDown()
    server = await listen(createServer(webhooks(subject.receiver)))
    const wire = await open()
    const rest = { ...subject.credentials, 'Content-Length': EVENT.length }
    await wire.send(requestHead('POST', '/webhooks/shop', rest) + EVENT)
    const { status, headers } = await wire.response()
    expect([status, headers.connection]).toEqual([200, 'close'])
    await wire.closed
  })

  test('before the body is read ends the connection, asked for or not', async () => {
    const wire = await serveWith(async () => answer(200))
    await wire.send(post(1_000_000))
    expect((await wire.response()).headers.connection).toBe('close')
    await wire.closed
  })

  test('before the body is read is followed by the end as soon as the body is through', async () => {
    const wire = await serveWith(async () => answer(401, { closeConnection: true }))
    await wire.send(post())
    expect((await wire.response()).status).toBe(401)
    await wire.send(EVENT)
    await wire.closed
    expect(server!.sockets[0]!.bytesRead).toBe(post().length + EVENT.length)
  })

  test.each(['', 'sorry'])(
    'after the host has begun to answer is not sent, and is not delivered: "%s"',
    async (rest) => {
      const onUndelivered = vi.fn()
      const { receiver } = createScriptedReceiver()
      const ours = webhooks(receivedBy(receiver, async () => answer(200, { onUndelivered })))
      server = await listen(
        createServer((req, res) => {
          res.writeHead(503, { 'Content-Length': rest.length }).flushHeaders()
          ours(req, res)
          setImmediate(() => res.end(rest))
        }),
      )
      const wire = await open()
      await wire.send(post() + EVENT)
      expect(await wire.response()).toMatchObject({ status: 503, body: rest })
      await vi.waitFor(() => expect(onUndelivered.mock.calls).toEqual([[true]]))
    },
  )

  test('for a pipelined request whose sender is gone counts as not delivered', async () => {
    const onUndelivered = vi.fn()
    const leave = Promise.withResolvers<void>()
    const both = Promise.withResolvers<void>()
    let requests = 0
    const wire = await serveWith(async () => {
      if (++requests === 2) both.resolve()
      await leave.promise
      return answer(200, { onUndelivered })
    })
    await wire.send(requestHead('POST', '/webhooks/shop').repeat(2))
    await both.promise
    wire.socket.destroy()
    const socket = server!.sockets[0]!
    await new Promise((resolve) => socket.once('close', resolve))
    leave.resolve()
    await vi.waitFor(() => expect(onUndelivered.mock.calls).toEqual([[false], [false]]))
  })

  test('has no body for HEAD, whatever core says', async () => {
    const wire = await serveWith(async () => answer(200))
    await wire.send(requestHead('HEAD', '/webhooks/shop') + requestHead('HEAD', '/webhooks/shop'))
    expect((await wire.response({ head: true })).headers['content-length']).toBeUndefined()
    expect((await wire.response({ head: true })).status).toBe(200)
  })
})

describe('whenLeft', () => {
  test('calls back when the sender leaves before its answer', async () => {
    const fired = Promise.withResolvers<string>()
    const wire = await serveWith(async (request) => {
      await new Promise<void>((resolve) => request.whenLeft(resolve))
      fired.resolve('fired')
      return answer(200)
    })
    await wire.send(requestHead('POST', '/webhooks/shop'))
    await vi.waitFor(() => expect(server!.sockets[0]?.bytesRead).toBeGreaterThan(0))
    wire.socket.destroy()
    expect(await fired.promise).toBe('fired')
  })

  test('calls back at once when the sender has left', async () => {
    const seen = Promise.withResolvers<boolean>()
    const wire = await serveWith(async (request) => {
      wire.socket.destroy()
      const socket = server!.sockets[0]!
      await new Promise((resolve) => socket.once('close', resolve))
      let left = false
      request.whenLeft(() => {
        left = true
      })
      seen.resolve(left)
      return answer(200)
    })
    await wire.send(requestHead('POST', '/webhooks/shop'))
    expect(await seen.promise).toBe(true)
  })

  test('does not call back for a sender that has got its answer', async () => {
    const onLeft = vi.fn()
    const wire = await serveWith(async (request) => {
      request.whenLeft(onLeft)
      return answer(200, { closeConnection: true })
    })
    await wire.send(requestHead('POST', '/webhooks/shop'))
    await wire.response()
    await wire.closed
    expect(onLeft).not.toHaveBeenCalled()
  })
})

describe('a body', () => {
  /** Takes all of it, or so many chunks. `over` resolves with its end: its length, or what it failed with. */
  const take = ({ body }: NeutralRequest, most = Number.POSITIVE_INFINITY) => {
    const over = Promise.withResolvers<unknown>()
    const taken = { length: 0, chunks: 0, ends: 0, over: over.promise }
    const add = (chunk: Uint8Array) => {
      taken.length += chunk.length
      if (++taken.chunks >= most) over.resolve(taken.length)
      return taken.chunks < most
    }
    const end = (how: unknown) => {
      taken.ends++
      over.resolve(how)
    }
    flowOf(body as Chunks).flowInto({ add, end: () => end(taken.length), fail: end })
    return taken
  }

  test('throws ERR_BODY_ABORTED when the sender leaves in its middle, after the bytes that came', async () => {
    const subject = createScriptedReceiver()
    server = await listen(createServer(webhooks(subject.receiver)))
    for (const way of ['destroy', 'resetAndDestroy'] as const) {
      const wire = await open()
      await wire.send(requestHead('POST', '/webhooks/shop', { ...subject.credentials, 'Content-Length': 1000 }) + EVENT)
      wire.socket[way]()
    }
    await vi.waitFor(() => expect(subject.bodyErrors).toEqual(['ERR_BODY_ABORTED', 'ERR_BODY_ABORTED']))
  })

  test('throws ERR_BODY_ABORTED when the sender had left before it was read', async () => {
    const code = Promise.withResolvers<unknown>()
    const wire = await serveWith(async (request) => {
      wire.socket.destroy()
      const socket = server!.sockets[0]!
      await new Promise((resolve) => socket.once('close', resolve))
      code.resolve(await take(request).over)
      return answer(200)
    })
    await wire.send(post())
    expect(await code.promise).toMatchObject({ code: 'ERR_BODY_ABORTED' })
  })

  test('throws with what the socket said as its cause', async () => {
    const thrown = Promise.withResolvers<unknown>()
    const wire = await serveWith(async (request) => {
      setImmediate(() => wire.socket.resetAndDestroy())
      thrown.resolve(await take(request).over)
      return answer(200)
    })
    await wire.send(post())
    expect(await thrown.promise).toMatchObject({ code: 'ERR_BODY_ABORTED', cause: { code: 'ECONNRESET' } })
  })

  test('throws when the host destroys the request without a reason', async () => {
    const thrown = Promise.withResolvers<unknown>()
    const { receiver } = createScriptedReceiver()
    const ours = webhooks(
      receivedBy(receiver, async (request) => {
        thrown.resolve(await take(request).over)
        return answer(200)
      }),
    )
    server = await listen(
      createServer((req, res) => {
        ours(req, res)
        setImmediate(() => req.destroy())
      }),
    )
    await (await open()).send(post())
    expect(await thrown.promise).toMatchObject({ code: 'ERR_BODY_ABORTED' })
  })

  test('can be left early and answered on the same connection', async () => {
    const wire = await serveWith(async (request) => {
      await take(request, 1).over
      return answer(413, { closeConnection: true })
    })
    await wire.send(post(1_000_000) + EVENT)
    expect((await wire.response()).status).toBe(413)
  })

  test('can be answered while a read of it is still waiting', async () => {
    const wire = await serveWith(async (request) => {
      take(request)
      return answer(408, { closeConnection: true })
    })
    await wire.send(post())
    expect((await wire.response()).status).toBe(408)
    await wire.send(EVENT)
    await wire.closed
  })

  test('ends once, and only once', async () => {
    let taken: ReturnType<typeof take> | undefined
    const wire = await serveWith(async (request) => {
      taken = take(request)
      await taken.over
      return answer(200)
    })
    await wire.send(post() + EVENT)
    await wire.response()
    wire.socket.destroy()
    await vi.waitFor(() => expect(server?.sockets[0]?.destroyed).toBe(true))
    expect(taken).toMatchObject({ length: EVENT.length, ends: 1 })
  })

  test('is whole for who listens beside us, and freed as it is copied where nobody does', async () => {
    const ours: Uint8Array[] = []
    const others: Uint8Array[] = []
    const { receiver } = createScriptedReceiver()
    const webhook = webhooks(
      receivedBy(receiver, ({ body }) => {
        const answered = Promise.withResolvers<NeutralResponse>()
        const add = (chunk: Uint8Array, spare: boolean) => {
          ours.push(chunk)
          if (spare) letGo(chunk)
          return true
        }
        const [end, fail] = [200, 500].map((status) => () => answered.resolve(answer(status)))
        flowOf(body as Chunks).flowInto({ add, end: end!, fail: fail! })
        return answered.promise
      }),
    )
    server = await listen(
      createServer((req, res) => {
        webhook(req, res)
        if (req.headers['x-watched']) req.on('data', (chunk: Uint8Array) => others.push(chunk))
      }),
    )
    const lengthOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    for (const headers of [{ 'X-Watched': 'yes' }, {}]) {
      const wire = await open()
      void wire.send(requestHead('POST', '/webhooks/shop', { ...headers, 'Content-Length': 1_000_000 }))
      await wire.send(Buffer.alloc(1_000_000))
      expect((await wire.response()).status).toBe(200)
    }
    expect(lengthOf(others)).toBe(1_000_000)
    // The bytes of the second request were freed, all but chunks that are too small for it.
    expect(lengthOf(ours)).toBeGreaterThanOrEqual(1_000_000)
    expect(lengthOf(ours)).toBeLessThan(1_500_000)
    expect(ours.some(({ length }) => length === 0)).toBe(true)
  })

  test('waits in the socket while nobody reads it', async () => {
    const go = Promise.withResolvers<void>()
    const total = 20_000_000
    let length: unknown
    const wire = await serveWith(async (request) => {
      await go.promise
      length = await take(request).over
      return answer(200)
    })
    void wire.send(post(total))
    const sent = wire.send(Buffer.alloc(total))
    const socket = await vi.waitFor(() => {
      const [socket] = server!.sockets
      expect(socket?.isPaused()).toBe(true)
      return socket!
    })
    expect(socket.bytesRead).toBeLessThan(1_000_000)
    go.resolve()
    expect((await wire.response()).status).toBe(200)
    await sent
    expect(length).toBe(total)
  })
})
