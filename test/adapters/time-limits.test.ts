/** Our own deadlines hold on every host with the host's own settings, over a socket. */
import { createServer } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { webhooks as onExpress } from '../../src/adapters/express.ts'
import { webhooks as onFastify } from '../../src/adapters/fastify.ts'
import { closeOnSignals, webhooks as onNode } from '../../src/adapters/node.ts'
import { header } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import type { ReceiverLimits } from '../../src/public/options.ts'
import type { AdapterSubject } from '../contracts/adapters.ts'
import { type Host, hosts, listen } from '../contracts/hosts.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { rememberingLogger } from '../support/log.ts'
import { receiverIn } from '../support/receivers.ts'
import { toy } from '../support/toy.ts'
import { openWire, requestHead, type Wire } from '../support/wire.ts'

const KEY = { 'X-Key': 'a-secret-of-some-length' }
const closers: (() => unknown)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A receiver whose time stands still until the test moves it, behind a real server. */
async function slowly(host: Host, limits: ReceiverLimits = {}) {
  const clock = new FakeClock()
  const auth = header('x-key', KEY['X-Key'])
  const receiver = receiverIn(clock, { sources: { shop: toy({ auth }) }, limits })
  await receiver.start()
  const idle = clock.pending
  const subject = { receiver, handle: receiver.handle, source: 'shop' } as unknown as AdapterSubject // what hosts use of it
  const server = await host.listen(subject)
  closers.push(
    () => receiver.close({ timeoutMs: 0 }),
    () => server.close(),
  )
  return {
    clock,
    receiver,
    sockets: server.sockets,
    open: () => openWire(server.port),
    /** Resolves when a body is being read: its deadline runs. */
    reading: () => vi.waitFor(() => expect(clock.pending).toBeGreaterThan(idle)),
  }
}

async function begin(open: () => Promise<Wire>, first: string, length = 1_000_000): Promise<Wire> {
  const wire = await open()
  closers.unshift(() => wire.socket.destroy())
  await wire.send(requestHead('POST', '/webhooks/shop', { ...KEY, 'Content-Length': length }) + first)
  return wire
}

describe.each(hosts)('on $name', (host) => {
  test('a body that comes byte by byte is 408 at the deadline, and its connection ends', async () => {
    const { clock, open, reading, receiver } = await slowly(host, { bodyMs: 2_000 })
    const wire = await begin(open, '[')
    await reading()
    await clock.advance(1_000)
    await wire.send(' ')
    await clock.advance(1_000)
    const { status, headers, body } = await wire.response()
    expect([status, headers.connection, JSON.parse(body).error]).toEqual([408, 'close', 'body_too_slow'])
    await wire.closed
    expect(receiver.metrics()).toMatchObject({ accepted: 0, rejected: { body_too_slow: 1 } })
  })

  test('a body below the minimum rate is 408 from the fifth second on', async () => {
    const { clock, open, reading } = await slowly(host)
    const wire = await begin(open, '['.padEnd(5 * 16_384 - 1))
    await reading()
    await clock.advance(5_000)
    expect((await wire.response()).status).toBe(408)
    await wire.closed
  })

  test('a body that is never begun is 408 as well, and a chunked one', async () => {
    const { clock, open, reading } = await slowly(host)
    const wires = [await begin(open, ''), await open()]
    await wires[1]!.send(requestHead('POST', '/webhooks/shop', { ...KEY, 'Transfer-Encoding': 'chunked' }))
    await reading()
    await vi.waitFor(async () => {
      await clock.advance(5_000)
      expect(wires.every(({ socket }) => socket.bytesRead > 0)).toBe(true)
    })
    for (const wire of wires) {
      expect((await wire.response()).status).toBe(408)
      await wire.closed
    }
  })

  test('two hundred senders that dribble hold nobody: the next delivery is accepted', async () => {
    const { clock, open, reading, sockets } = await slowly(host)
    const slow = await Promise.all(Array.from({ length: 200 }, () => begin(open, '[')))
    await reading()
    const quick = await begin(open, '[{"type":"ping"}]', 17)
    expect((await quick.response()).status).toBe(200)
    quick.socket.destroy()
    await vi.waitFor(async () => {
      await clock.advance(5_000)
      expect(slow.every(({ socket }) => socket.bytesRead > 0)).toBe(true)
    })
    await Promise.all(slow.map(({ closed }) => closed))
    await vi.waitFor(() => expect(sockets.every(({ destroyed }) => destroyed)).toBe(true))
  })
})

describe('the limits of the server around us', () => {
  function receiving(limits: ReceiverLimits = {}) {
    const logger = rememberingLogger()
    const receiver = createReceiver({ inbox: memory(), sources: { shop: toy() }, logger, limits })
    closers.push(() => receiver.close({ timeoutMs: 0 }))
    return {
      receiver,
      warnings: () => logger.lines.filter(({ level }) => level === 'warn').map(({ message }) => message),
    }
  }

  const look = async (port: number) => {
    const wire = await openWire(port)
    closers.unshift(() => wire.socket.destroy())
    await wire.send(requestHead('HEAD', '/shop'))
    expect((await wire.response({ head: true })).status).toBe(200)
  }

  test('of fastify are none, which is told at its start', async () => {
    const { receiver, warnings } = receiving()
    const app = fastify()
    closers.unshift(() => app.close())
    await app.register(onFastify(receiver)).ready()
    expect(warnings()).toContainEqual(expect.stringContaining('no requestTimeout'))
  })

  test('of fastify are told nothing of when they are set', async () => {
    const { receiver, warnings } = receiving()
    const app = fastify({ requestTimeout: 60_000 })
    closers.unshift(() => app.close())
    await app.register(onFastify(receiver)).ready()
    expect(warnings().join()).not.toContain('requestTimeout')
  })

  test.each([
    ['node', onNode],
    ['express', (receiver: Parameters<typeof onNode>[0]) => express().use(onExpress(receiver))],
  ])('of %s are looked at with the first request, once', async (_name, mount) => {
    const { receiver, warnings } = receiving({ bodyMs: 30_000 })
    const server = await listen(createServer({ requestTimeout: 20_000 }, mount(receiver)))
    closers.unshift(() => server.close())
    for (let n = 0; n < 3; n++) await look(server.port)
    const early = warnings().filter((message) => message.includes('before limits.bodyMs'))
    expect(early.length).toBe(1)
  })

  test('of node as it comes are no reason to say anything', async () => {
    const { receiver, warnings } = receiving()
    const server = await listen(createServer(onNode(receiver)))
    closers.unshift(() => server.close())
    await look(server.port)
    expect(warnings().join()).not.toContain('requestTimeout')
  })

  test('are told before the first request where signals close the server', () => {
    const { receiver, warnings } = receiving()
    const server = createServer({ requestTimeout: 0 }, onNode(receiver))
    closeOnSignals(server, receiver)[Symbol.dispose]()
    expect(warnings()).toEqual([expect.stringContaining('no requestTimeout')])
  })
})
