/** What every host adapter holds, over a socket, for any receiver: scripted or real. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ReceiverLike } from '../../src/ports/host.ts'
import { openWire, requestHead, type Wire } from '../support/wire.ts'
import { type Host, hosts, type Listening } from './hosts.ts'

/** A receiver under test, with what a test needs to know of it. */
export interface AdapterSubject {
  readonly receiver: ReceiverLike
  /** Its fetch door: `receiver.handle`. */
  handle(request: Request, options?: { readonly source?: string }): Promise<Response>
  /** A source that takes POST and HEAD. */
  readonly source: string
  /** A source that refuses bodies above so many bytes; far below 100 kB. */
  readonly smallSource: { readonly name: string; readonly bodyBytes: number }
  /** Headers that let a post in, at both sources; without them it is 401. */
  readonly credentials: Readonly<Record<string, string>>
  /** The JSON text of one event, ASCII, that both sources take. */
  readonly event: string
  /** Bodies stored so far, in order. */
  stored(): Promise<readonly Uint8Array[]>
  /** How many deliveries are noted as left by their sender before the answer. */
  senderLeft(): Promise<number>
  /** Answers wait, after the body is read and stored, until `release`. `reached` resolves when the first one waits. */
  hold(): { readonly reached: Promise<void>; release(): void }
  dispose(): Promise<void>
}

/** Runs every case against every host. A fresh receiver for each test. */
export function describeAdapters(title: string, newSubject: () => AdapterSubject | Promise<AdapterSubject>): void {
  describe.each(hosts)(`${title} on $name`, (host) => describeHost(host, newSubject))
}

function describeHost(host: Host, newSubject: () => AdapterSubject | Promise<AdapterSubject>): void {
  let subject: AdapterSubject
  let server: Listening
  let wires: Wire[]

  beforeEach(async () => {
    subject = await newSubject()
    server = await host.listen(subject)
    wires = []
  })

  afterEach(async () => {
    for (const { socket } of wires) socket.destroy()
    await server.close()
    await subject.dispose()
  })

  async function open(): Promise<Wire> {
    const wire = await openWire(server.port)
    wires.push(wire)
    return wire
  }

  const path = () => `/webhooks/${subject.source}`
  const post = (body: string | Uint8Array, headers: Parameters<typeof requestHead>[2] = {}) =>
    Buffer.concat([
      Buffer.from(requestHead('POST', path(), { ...subject.credentials, 'Content-Length': body.length, ...headers })),
      Buffer.from(body),
    ])
  const storedTexts = async () => (await subject.stored()).map((bytes) => Buffer.from(bytes).toString())

  /** Resolves when the server has noticed the end of its first connection. */
  async function serverSideClosed(): Promise<void> {
    const socket = server.sockets[0]!
    // Not once(): it rejects for the reset that comes before.
    if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
  }

  describe('a body', () => {
    test('is stored as its bytes came and answered 200 with JSON of a stated length', async () => {
      const wire = await open()
      await wire.send(post(subject.event))
      const { status, headers, body } = await wire.response()
      expect(status).toBe(200)
      expect(headers['content-type']).toBe('application/json')
      expect(JSON.parse(body)).toMatchObject({ status: 'accepted' })
      expect(await storedTexts()).toEqual([subject.event])
    })

    test('is whole when every byte of the request is a packet of its own', async () => {
      const wire = await open()
      wire.socket.setNoDelay(true)
      for (const byte of post(subject.event)) await wire.send(Uint8Array.of(byte))
      expect((await wire.response()).status).toBe(200)
      expect(await storedTexts()).toEqual([subject.event])
    })

    test('is whole when it comes chunked', async () => {
      const wire = await open()
      const head = requestHead('POST', path(), { ...subject.credentials, 'Transfer-Encoding': 'chunked' })
      const middle = subject.event.length >> 1
      await wire.send(head + chunk(subject.event.slice(0, middle)))
      await wire.send(`${chunk(subject.event.slice(middle))}0\r\n\r\n`)
      expect((await wire.response()).status).toBe(200)
      expect(await storedTexts()).toEqual([subject.event])
    })

    test('is whole when it is larger than every buffer on the way', async () => {
      const large = `[${Array(Math.ceil(5_000_000 / subject.event.length)).fill(subject.event)}]`
      const wire = await open()
      await wire.send(post(large))
      expect((await wire.response()).status).toBe(200)
      const stored = await subject.stored()
      expect(stored.length).toBe(1)
      expect(Buffer.from(stored[0]!).equals(Buffer.from(large))).toBe(true)
    })

    test('that is empty is a probe, with and without Content-Length, and chunked', async () => {
      const wire = await open()
      await wire.send(post(''))
      expect(JSON.parse((await wire.response()).body)).toMatchObject({ status: 'probe' })
      await wire.send(requestHead('POST', path(), subject.credentials))
      expect(JSON.parse((await wire.response()).body)).toMatchObject({ status: 'probe' })
      await wire.send(requestHead('POST', path(), { ...subject.credentials, 'Transfer-Encoding': 'chunked' }))
      await wire.send('0\r\n\r\n')
      expect(JSON.parse((await wire.response()).body)).toMatchObject({ status: 'probe' })
      expect(await subject.stored()).toEqual([])
    })

    test.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense', ';', ''])(
      'is stored whatever its Content-Type: "%s"',
      async (type) => {
        const wire = await open()
        await wire.send(post(subject.event, { 'Content-Type': type }))
        expect((await wire.response()).status).toBe(200)
        expect(await storedTexts()).toEqual([subject.event])
      },
    )

    test('is stored after 100 Continue', async () => {
      const wire = await open()
      const length = subject.event.length
      await wire.send(
        requestHead('POST', path(), { ...subject.credentials, 'Content-Length': length, Expect: '100-continue' }),
      )
      expect((await wire.response()).status).toBe(100)
      await wire.send(subject.event)
      expect((await wire.response()).status).toBe(200)
      expect(await storedTexts()).toEqual([subject.event])
    })
  })

  describe('a connection', () => {
    test('serves the next post after an answer', async () => {
      const wire = await open()
      for (let round = 0; round < 3; round++) {
        await wire.send(post(subject.event.padEnd(subject.event.length + round)))
        const { status, headers } = await wire.response()
        expect([status, headers.connection]).not.toContain('close')
      }
      expect((await subject.stored()).length).toBe(3)
      expect(server.sockets.length).toBe(1)
    })

    test('serves two posts sent in one packet, in their order', async () => {
      const wire = await open()
      await wire.send(Buffer.concat([post(subject.event), post(`${subject.event} `)]))
      expect((await wire.response()).status).toBe(200)
      expect((await wire.response()).status).toBe(200)
      expect((await storedTexts()).toSorted()).toEqual([subject.event, `${subject.event} `])
    })

    test('serves a post after HEAD, which has no body', async () => {
      const wire = await open()
      await wire.send(requestHead('HEAD', path()))
      expect((await wire.response({ head: true })).status).toBe(200)
      await wire.send(post(subject.event))
      expect((await wire.response()).status).toBe(200)
    })

    test('still serves the host beside us', async () => {
      const wire = await open()
      await wire.send(post(subject.event))
      expect((await wire.response()).status).toBe(200)
      const headers = { 'Content-Type': 'application/json', 'Content-Length': subject.event.length }
      await wire.send(requestHead('POST', '/echo', headers) + subject.event)
      expect(JSON.parse((await wire.response()).body)).toEqual(JSON.parse(subject.event))
    })
  })

  describe('a path', () => {
    test('may end in a slash and carry a query', async () => {
      const wire = await open()
      const rest = { ...subject.credentials, 'Content-Length': subject.event.length }
      await wire.send(requestHead('POST', `${path()}/`, rest) + subject.event)
      expect((await wire.response()).status).toBe(200)
      await wire.send(`${requestHead('POST', `${path()}?from=sender`, rest)}${subject.event}`)
      expect((await wire.response()).status).toBe(200)
    })

    test('that is registered for a source needs no name in it', async () => {
      const wire = await open()
      const rest = { ...subject.credentials, 'Content-Length': subject.event.length }
      await wire.send(requestHead('POST', '/old/address', rest) + subject.event)
      expect((await wire.response()).status).toBe(200)
      expect(await storedTexts()).toEqual([subject.event])
    })

    test(`that is no source is the ${host.unknownPath}'s 404`, async () => {
      const wire = await open()
      const rest = { ...subject.credentials, 'Content-Length': subject.event.length }
      await wire.send(requestHead('POST', '/webhooks/nobody', rest) + subject.event)
      const { status, body } = await wire.response()
      expect(status).toBe(404)
      if (host.unknownPath === 'host') expect(body).toBe('host')
      else expect(JSON.parse(body)).toMatchObject({ error: 'unknown_source' })
      expect(await subject.stored()).toEqual([])
    })
  })

  describe('a refusal', () => {
    test('of wrong credentials is 401 with a challenge, and the end of the connection', async () => {
      const wire = await open()
      await wire.send(post(subject.event, replaced(subject.credentials, 'wrong')))
      const { status, headers, body } = await wire.response()
      expect(status).toBe(401)
      expect(headers['www-authenticate']).toContain('realm="posthorn"')
      expect(headers.connection).toBe('close')
      expect(JSON.parse(body)).toMatchObject({ error: 'unauthorized' })
      await wire.closed
      expect(await subject.stored()).toEqual([])
    })

    test('meets a credential that is sent twice, good ones too', async () => {
      for (const values of [
        ['wrong', null],
        [null, 'wrong'],
        [null, null],
      ]) {
        const wire = await open()
        const [name, good] = Object.entries(subject.credentials)[0]!
        await wire.send(post(subject.event, { [name]: values.map((value) => value ?? good) }))
        expect((await wire.response()).status).toBe(401)
      }
      expect(await subject.stored()).toEqual([])
    })

    test('comes before 200 MB that a sender announced and keeps sending', async () => {
      const wire = await open()
      await wire.send(
        requestHead('POST', path(), { ...replaced(subject.credentials, 'wrong'), 'Content-Length': 200_000_000 }),
      )
      const stopped = sendUntilClosed(wire)
      if (host.answersWhileSending) expect((await wire.response()).status).toBe(401)
      await stopped
      await serverSideClosed()
      // 64 kB, and the one buffer that a socket may have handed over when it is told to wait; a fetch host also reads
      // ahead into the buffers of its streams, whether or not anybody asks for the body.
      const buffers = host.answersWhileSending ? 3 : 8
      expect(server.sockets[0]!.bytesRead).toBeLessThanOrEqual(buffers * 64 * 1024)
    })

    test('reaches a sender that announced a body and waits', async () => {
      const wire = await open()
      await wire.send(
        requestHead('POST', path(), { ...replaced(subject.credentials, 'wrong'), 'Content-Length': 200_000_000 }),
      )
      expect((await wire.response()).status).toBe(401)
      await wire.closed
    })

    test('of a body over the limit comes before its end', async () => {
      const { name, bodyBytes } = subject.smallSource
      const wire = await open()
      await wire.send(
        requestHead('POST', `/webhooks/${name}`, { ...subject.credentials, 'Transfer-Encoding': 'chunked' }) +
          chunk(' '.repeat(bodyBytes + 1)),
      )
      const { status, headers } = await wire.response()
      expect(status).toBe(413)
      expect(headers.connection).toBe('close')
      await wire.closed
      expect(await subject.stored()).toEqual([])
    })

    test('of a method says what is allowed', async () => {
      const wire = await open()
      await wire.send(requestHead('PUT', path(), { ...subject.credentials, 'Content-Length': 0 }))
      const { status, headers } = await wire.response()
      expect(status).toBe(405)
      expect(headers.allow).toContain('POST')
    })
  })

  describe('a sender', () => {
    test.each(['FIN', 'RST'])('that leaves in the middle of its body stores nothing (%s)', async (way) => {
      const wire = await open()
      await wire.send(post(subject.event).subarray(0, -1))
      leave(wire, way)
      await serverSideClosed()
      const next = await open()
      await next.send(post(`${subject.event} `))
      expect((await next.response()).status).toBe(200)
      expect(await storedTexts()).toEqual([`${subject.event} `])
      expect(await subject.senderLeft()).toBe(0)
    })

    test.each(['FIN', 'RST', 'half-close'])('that leaves before the answer is noted once (%s)', async (way) => {
      const held = subject.hold()
      const wire = await open()
      await wire.send(post(subject.event))
      await held.reached
      leave(wire, way)
      await serverSideClosed()
      held.release()
      await vi.waitFor(async () => expect(await subject.senderLeft()).toBe(1))
      expect(await storedTexts()).toEqual([subject.event])
    })

    test('that waits for its answer is not noted, and neither is one that leaves after it', async () => {
      const held = subject.hold()
      const wire = await open()
      await wire.send(post(subject.event))
      await held.reached
      held.release()
      expect((await wire.response()).status).toBe(200)
      leave(wire, 'FIN')
      await serverSideClosed()
      expect(await subject.senderLeft()).toBe(0)
    })
  })
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}

function replaced(headers: Readonly<Record<string, string>>, value: string): Record<string, string> {
  return Object.fromEntries(Object.keys(headers).map((name) => [name, value]))
}

function leave(wire: Wire, way: string): void {
  if (way === 'RST') wire.socket.resetAndDestroy()
  else if (way === 'half-close') wire.socket.end()
  else wire.socket.destroy()
}

async function sendUntilClosed({ socket, send, closed }: Wire): Promise<void> {
  const block = Buffer.alloc(64 * 1024, ' ')
  while (!socket.destroyed) await Promise.race([send(block), closed])
}
