/** Viewers who leave in the middle of an answer leave nothing behind; where it is the inbox that leaves, they are told. */
import { getEventListeners } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { pages } from '../../src/adapters/node.ts'
import { bearer } from '../../src/auth/index.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { memory } from '../../src/inboxes/memory/index.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { createReceiver, PosthornError } from '../../src/index.ts'
import { boardDoor, port } from '../../src/lib/symbols.ts'
import { toy } from '../support/toy.ts'

const VIEWS = [
  ...[
    'now',
    'deliveries',
    'events&range=24h',
    'bounces&domains=1',
    'suppression',
    'message&id=none',
    'dead',
    'storage',
  ],
  ...['log&as=ndjson', 'log&as=ndjson&after=1000000&wait=25', 'events&range=24h&filter=effect:suppress&all=1'],
]
const EVERYTHING = { who: 'jo', people: 'clear', bytes: true, act: [] } as const
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function filled() {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-leaving-'))
  ends.push(() => rmSync(folder, { recursive: true }))
  const receiver = createReceiver({
    inbox: sqlite({ path: join(folder, 'inbox.db') }),
    sources: { shop: toy() },
    logger: false,
  })
  ends.push(() => receiver.close())
  await receiver.start()
  for (let n = 0; n < 60; n++)
    await receiver.inject(
      'shop',
      Array.from({ length: 100 }, (_, at) => ({ type: 'ping', to: `u${at}@shop.example`, text: 'x'.repeat(500) })),
    )
  await receiver.whenIdle()
  return receiver
}

/** Hangs up after so many bytes of the answer; 0: before there is any. */
function leaveAfter(port: number, view: string, bytes: number): Promise<void> {
  return new Promise((resolve) => {
    let seen = 0
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET /?view=${view} HTTP/1.1\r\nHost: ops.example\r\nAccept: text/html\r\n\r\n`, () => {
        if (bytes === 0) socket.destroy()
      })
    })
    socket.on('data', (chunk) => {
      seen += chunk.length
      if (seen >= bytes) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
}

it('over a socket: no connection, no warning, and the next one is answered', { timeout: 120_000 }, async () => {
  const receiver = await filled()
  const server = createServer(pages(dashboard(receiver as never), { access: () => EVERYTHING }) as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const warnings: Error[] = []
  const note = (warning: Error) => void warnings.push(warning)
  process.on('warning', note)
  ends.push(() => process.off('warning', note))
  // What waits for more sends its head and no byte of a body.
  for (let round = 0; round < 5; round++)
    await Promise.all(VIEWS.flatMap((view) => [0, 1, 300].map((bytes) => leaveAfter(port, view, bytes))))
  await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0)
  expect(warnings).toEqual([])
  const answer = await fetch(`http://127.0.0.1:${port}/?view=now`, { headers: { connection: 'close' } })
  expect(answer.status).toBe(200)
  await answer.arrayBuffer()
})

it.each(VIEWS)('%s: listens to whoever has left no more', { timeout: 60_000 }, async (view) => {
  const receiver = await filled()
  const door = dashboard(receiver as never)[boardDoor]
  const left = new AbortController()
  const answered = door.answer({
    ...{ method: 'GET', query: `view=${view}`, rawHeaders: ['host', 'ops.example'], body: null, peer: '127.0.0.1' },
    ...{ isSecure: false, httpVersion: '1.1', access: { given: EVERYTHING }, signal: left.signal },
  })
  left.abort()
  const { body } = await answered
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) for await (const _ of body);
  expect(getEventListeners(left.signal, 'abort')).toEqual([])
})

it('ends no answer as if it were whole when the inbox goes away in the middle', async () => {
  const inbox = memory()
  const { records } = inbox[port]
  const lines: string[] = []
  const logger = {
    debug() {},
    info() {},
    warn() {},
    error: (facts: { event?: string }) => void lines.push(facts.event ?? ''),
  }
  const receiver = createReceiver({ inbox, sources: { shop: toy() }, logger: logger as never })
  ends.push(() => receiver.close({ timeoutMs: 0 }))
  await receiver.start()
  for (let n = 0; n < 5; n++) await receiver.inject('shop', [{ type: 'ping', n }])
  await receiver.whenIdle()
  const read = records.read.bind(records)
  records.read = (seq) => (seq < 4 ? read(seq) : Promise.reject(new PosthornError('ERR_INBOX_IO', 'The disk is gone')))
  const board = dashboard(receiver as never)
  const server = createServer(pages(board, { access: () => EVERYTHING }) as never)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  const { port: own } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${own}/?view=log&as=ndjson`, { headers: { connection: 'close' } })
  expect(answer.status).toBe(200)
  await expect(answer.text()).rejects.toThrow()
  expect(lines).toContain('dashboard.failed')
  lines.length = 0
  const fetched = dashboard(receiver as never, {
    auth: bearer('a-secret-of-the-tests'),
    access: { bytes: true },
  }).handle(
    new Request('http://ops.example/?view=log&as=ndjson', {
      headers: { authorization: 'Bearer a-secret-of-the-tests' },
    }),
  )
  await expect((await fetched).text()).rejects.toThrow()
  expect(lines).toContain('dashboard.failed')
})
