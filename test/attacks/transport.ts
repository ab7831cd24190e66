/** Section A, third part: unwanted bytes, slow senders, framing. */
import { once as event } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect } from 'vitest'
import { openWire } from '../support/wire.ts'
import { type Attack, onHosts, type Row } from './harness/attack.ts'
import { good, openSite, SECRET, type Site, TOKEN } from './harness/site.ts'
import { smuggled } from './harness/smuggling.ts'

const MB = 1_000_000

/** Sends a head and then blocks, until the other side has had enough; how many bytes it has read of all that. */
async function flood(site: Site, head: string, block: Uint8Array): Promise<{ status: number; read: number }> {
  const connections = site.sockets.length
  const wire = await openWire(site.port)
  await wire.send(head)
  const answer = wire.response().then(
    ({ status }) => status,
    () => 0,
  )
  while (!wire.socket.destroyed) await Promise.race([wire.send(block), wire.closed])
  const server = site.sockets[connections]!
  if (!server.closed) await new Promise((resolve) => server.once('close', resolve))
  return { status: await answer, read: server.bytesRead }
}

/** 64 kB, and the buffers that were on their way; a fetch host reads ahead into those of its streams. */
const mostRead = ({ host }: Site) => (host.answersWhileSending ? 3 : 8) * 64 * 1024

const head = (...lines: string[]) => `POST /webhooks/shop HTTP/1.1\r\nHost: localhost\r\n${lines.join('\r\n')}\r\n\r\n`
const BLOCK = Buffer.alloc(64 * 1024, ' ')
const CHUNK = Buffer.concat([Buffer.from('10000\r\n'), BLOCK, Buffer.from('\r\n')])

const refusedEarly = (start: string, block: Uint8Array) =>
  async function isRefusedEarly(site: Site) {
    const { status, read } = await flood(site, start, block)
    if (site.host.answersWhileSending) expect(status).toBe(401)
    expect(read).toBeLessThanOrEqual(mostRead(site))
    expect(await site.stored()).toEqual([])
  }

/** As many connections, each having sent this and then nothing. */
async function idle(site: Site, count: number, bytes: string): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => connect({ port: site.port, host: '127.0.0.1' }))
  await Promise.all(sockets.map((socket) => event(socket, 'connect')))
  for (const socket of sockets) socket.on('error', () => {}).write(bytes)
  return sockets
}

const rows: readonly Row[] = [
  [
    'A10',
    'no credential and 200 MB announced',
    '401, at most 64 kB and the buffers on the way read',
    refusedEarly(head(`Content-Length: ${200 * MB}`), BLOCK),
  ],
  [
    'A10',
    'a wrong token and a body in chunks without end',
    '401, at most 64 kB and the buffers on the way read',
    refusedEarly(head(`${TOKEN}: wrong`, 'Transfer-Encoding: chunked'), CHUNK),
  ],
  [
    'A20',
    '100 connections that say nothing, 100 in the middle of their headers',
    'others are served all the while',
    async (site) => {
      const sockets = [
        ...(await idle(site, 100, '')),
        ...(await idle(site, 100, 'POST /webhooks/shop HTTP/1.1\r\nHost: a')),
      ]
      await site.stands()
      for (const socket of sockets) socket.destroy()
    },
  ],
  [
    'A21',
    'a right token, and a body that stops coming',
    '408 and the connection closed, nothing stored',
    async ({ host }) => {
      const site = await openSite(host, { limits: { bodyMs: 200 } })
      const whole = site.build().toString('latin1')
      const { answers, closed } = await site.raw(whole.slice(0, -20))
      expect([answers.map(({ status }) => status), closed]).toEqual([[408], true])
      expect(await site.stored()).toEqual([])
      await site.stands()
      await site.close()
    },
  ],
  [
    'A22',
    '60 connections that announce 60 MB each',
    '503 with Retry-After to all that have no room, before their bodies',
    async (site) => {
      const start = head(`${TOKEN}: ${SECRET}`, `Content-Length: ${60 * MB}`)
      const sockets: Socket[] = await idle(site, 60, start)
      const heard = sockets.map(
        (socket) => new Promise<string>((resolve) => socket.once('data', (text) => resolve(String(text)))),
      )
      const refusals: string[] = []
      // Two fit into 128 MiB and wait for their bodies.
      while (refusals.length < 58) {
        const next = await Promise.race(heard.map((one, at) => one.then((text) => ({ at, text }))))
        refusals.push(next.text)
        heard.splice(next.at, 1)
      }
      for (const text of refusals) expect(text).toMatch(/^HTTP\/1\.1 503 [\s\S]*retry-after: \d/i)
      expect((await site.send()).status).toBe(200)
      for (const socket of sockets) socket.destroy()
      await Promise.all(
        site.sockets.map((socket) => socket.closed || new Promise((resolve) => socket.once('close', resolve))),
      )
    },
  ],
  [
    'A23',
    'a Content-Length longer than the body, then the end of the connection',
    'nothing stored',
    async (site) => {
      const whole = site.build()
      const connections = site.sockets.length
      await site.raw(whole.subarray(0, -1), { leave: true })
      const server = site.sockets[connections]
      if (server !== undefined && !server.closed) await new Promise((resolve) => server.once('close', resolve))
      expect(await site.stored()).toEqual([])
    },
  ],
  [
    'A23',
    'a Content-Length shorter than the body, which goes on as a request without credentials',
    'two requests: the second is 401',
    async (site) => {
      const hidden = site.build({ credentials: false, headers: [['Connection', 'close']] })
      const { answers } = await site.raw(Buffer.concat([site.build(), hidden]))
      expect(answers.map(({ status }) => status)).toEqual([200, 401])
      expect(await site.stored()).toHaveLength(1)
    },
  ],
  ...smuggled.map(
    ({ input, bytes }): Row => [
      'A24',
      input,
      'refused, or read as one request; the request inside is never let in',
      async (site) => {
        const body = good()
        const built = site.build({ body })
        expect(built.length).toBeGreaterThan(0)
        const { answers } = await site.raw(bytes(`${TOKEN}: ${SECRET}`, body))
        expect(answers.length).toBeGreaterThan(0)
        const accepted = answers.filter(({ body: said }) => said.includes('"accepted"'))
        expect(accepted.length).toBeLessThanOrEqual(1)
        expect(await site.stored()).toHaveLength(accepted.length)
      },
    ],
  ),
  [
    'A25',
    'the preface of HTTP/2, and an upgrade to h2c',
    'not spoken: refused, or answered as HTTP/1.1',
    async (site) => {
      const preface = await site.raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
      for (const { status } of preface.answers) expect(status).toBeGreaterThanOrEqual(400)
      const upgrade = site.build({
        headers: [
          ['Connection', 'Upgrade, HTTP2-Settings, close'],
          ['Upgrade', 'h2c'],
          ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
        ],
      })
      const { answers } = await site.raw(upgrade)
      for (const { status } of answers) expect(status).not.toBe(101)
    },
  ],
]

export const transport: readonly Attack[] = onHosts(rows)
