import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type ClientHttp2Session, connect } from 'node:http2'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { closeOnSignals } from '../../src/adapters/node.ts'
import { createScriptedReceiver } from '../support/scripted-receiver.ts'
import { openWire, requestHead, type Wire } from '../support/wire.ts'

const SCRIPT = new URL('../fixtures/closing-server.ts', import.meta.url).pathname

let child: ChildProcessWithoutNullStreams | undefined

afterEach(() => {
  child?.kill('SIGKILL')
})

/** The server as a process, with the lines it writes. */
async function start(...args: string[]) {
  const started = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', SCRIPT, ...args])
  child = started
  started.stderr.pipe(process.stderr)
  const ended = once(started, 'exit') as Promise<[code: number | null, signal: string | null]> // what exit gives
  const lines = createInterface(started.stdout)[Symbol.asyncIterator]()
  const line = async (): Promise<string | undefined> => (await lines.next()).value
  const port = Number(await line())
  return {
    port,
    ended,
    line,
    kill: (signal: NodeJS.Signals) => started.kill(signal),
    answer: () => started.stdin.write('\n'),
    async request(method: string, path = '/shop', told = method): Promise<Wire> {
      const wire = await openWire(port)
      await wire.send(requestHead(method, path))
      expect(await line()).toBe(told)
      return wire
    },
  }
}

const CLOSES = expect.stringMatching(/^receiver closes within/)

describe.each(['node', 'fastify'])('on %s', (host) => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets the request under way be answered and ends with 0',
    async (signal) => {
      const server = await start(host)
      const wire = await server.request('POST')
      server.kill(signal)
      expect(await server.line()).toBe('receiver closes within 10000')
      server.answer()
      expect((await wire.response()).headers.connection).toBe('close')
      expect(await server.ended).toEqual([0, null])
    },
  )

  test('a keep-alive connection does not hold the end', async () => {
    const server = await start(host)
    const wire = await server.request('GET')
    await wire.response()
    server.kill('SIGTERM')
    expect(await server.line()).toEqual(CLOSES)
    await wire.closed
    expect(await server.ended).toEqual([0, null])
  })

  test('neither does one that falls idle later, on a route of the host', async () => {
    const server = await start(host)
    const wire = await server.request('GET', '/host', 'host')
    server.kill('SIGTERM')
    expect(await server.line()).toEqual(CLOSES)
    server.answer()
    expect((await wire.response()).body).toBe('host')
    expect(await server.ended).toEqual([0, null])
  })

  test('a receiver that is not drained gives exit code 1', async () => {
    const server = await start(host, 'returns work')
    server.kill('SIGTERM')
    expect(await server.ended).toEqual([1, null])
  })

  test('a request that takes too long is cut, and gives exit code 1', async () => {
    const server = await start(host, 'drains', '50')
    const wire = await server.request('POST')
    server.kill('SIGTERM')
    await wire.closed
    expect(await server.ended).toEqual([1, null])
  })

  test('a receiver that fails to close is told of, and gives exit code 1', async () => {
    const server = await start(host, 'fails')
    server.kill('SIGTERM')
    expect(await server.line()).toEqual(CLOSES)
    expect(await server.line()).toBe('the receiver could not be closed in order')
    expect(await server.ended).toEqual([1, null])
  })

  test('a second signal ends the process at once', async () => {
    const server = await start(host, 'hangs')
    server.kill('SIGTERM')
    expect(await server.line()).toEqual(CLOSES)
    server.kill('SIGINT')
    expect(await server.ended).toEqual([130, null])
  })
})

describe.each(['http2', 'fastify http2'])('on %s', (host) => {
  async function session(port: number) {
    const opened = connect(`http://127.0.0.1:${port}`)
    await once(opened, 'connect')
    return opened
  }

  const post = (client: ClientHttp2Session) => client.request({ ':method': 'POST', ':path': '/shop' }).end('{}')

  test('SIGTERM lets the request under way be answered, ends sessions, and gives exit code 0', async () => {
    const server = await start(host)
    const client = await session(server.port)
    const closed = once(client, 'close')
    const stream = post(client)
    expect(await server.line()).toBe('POST')
    server.kill('SIGTERM')
    expect(await server.line()).toEqual(CLOSES)
    server.answer()
    const [headers] = await once(stream, 'response')
    expect(headers[':status']).toBe(200)
    stream.resume()
    await closed
    expect(await server.ended).toEqual([0, null])
  })

  test('a session that is idle does not hold the end', async () => {
    const server = await start(host)
    const client = await session(server.port)
    const closed = once(client, 'close')
    server.kill('SIGTERM')
    await closed
    expect(await server.ended).toEqual([0, null])
  })

  test('a stream that takes too long is cut, and gives exit code 1', async () => {
    const server = await start(host, 'drains', '50')
    const client = await session(server.port)
    client.on('error', () => {}) // `close` follows
    const closed = once(client, 'close')
    const stream = post(client).on('error', () => {})
    expect(await server.line()).toBe('POST')
    server.kill('SIGTERM')
    await closed
    stream.destroy()
    expect(await server.ended).toEqual([1, null])
  })
})

test('a connection that was upgraded is cut when the time is over', async () => {
  const server = await start('node', 'drains', '50')
  const wire = await openWire(server.port)
  await wire.send(requestHead('GET', '/chat', { Connection: 'Upgrade', Upgrade: 'websocket' }))
  await once(wire.socket, 'data')
  server.kill('SIGTERM')
  await wire.closed
  expect(await server.ended).toEqual([1, null])
})

test('on fastify the app is closed, with its own hooks', async () => {
  const server = await start('fastify')
  server.kill('SIGTERM')
  expect(await server.line()).toEqual(CLOSES)
  expect(await server.line()).toBe('app closed')
  expect(await server.ended).toEqual([0, null])
})

test('after dispose a signal does what it does without us', async () => {
  const server = await start('disposed')
  server.kill('SIGTERM')
  expect(await server.ended).toEqual([null, 'SIGTERM'])
})

test('listens to the signals it is told, until it is disposed', () => {
  const { receiver } = createScriptedReceiver()
  const before = process.listenerCount('SIGUSR2')
  {
    using _ = closeOnSignals({ close() {} }, receiver, { signals: ['SIGUSR2'] })
    expect(process.listenerCount('SIGUSR2')).toBe(before + 1)
  }
  expect(process.listenerCount('SIGUSR2')).toBe(before)
})

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuses timeoutMs %s', (timeoutMs) => {
  const { receiver } = createScriptedReceiver()
  expect(() => closeOnSignals({ close() {} }, receiver, { timeoutMs })).toThrow(
    expect.objectContaining({ code: 'ERR_OPTION' }),
  )
})
