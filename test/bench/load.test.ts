import { writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bodyOf, headersOf, type ProviderName } from '../../bench/bodies/bodies.ts'
import { AnswerReader } from '../../bench/load/answer.ts'
import { load } from '../../bench/load/load.ts'
import { Message } from '../../bench/load/message.ts'
import { later, newFolder } from '../inboxes/sqlite/kit.ts'

async function listening(listener: RequestListener): Promise<number> {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  later(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

function planOf(port: number, provider: ProviderName) {
  const bodyFile = join(newFolder(), 'body.json')
  writeFileSync(bodyFile, bodyOf(provider, 3))
  const plan = { port, path: '/webhooks/shop', headers: headersOf(provider), bodyFile, connections: 3 }
  return { ...plan, ms: 60_000, posts: 10, firstStamp: 5_000 }
}

it.each(['momentum', 'mailjet'] as const)(
  'posts so many %s requests, each another one, on as many connections',
  async (provider) => {
    const seen = new Set<string>()
    const sockets = new Set<unknown>()
    const port = await listening((req, res) => {
      sockets.add(req.socket)
      const chunks: Buffer[] = []
      req.on('data', (chunk) => chunks.push(chunk))
      req.on('end', () => {
        const body = Buffer.concat(chunks).toString()
        JSON.parse(body)
        seen.add(`${req.headers['x-messagesystems-batch-id']} ${body}`)
        res.setHeader('content-length', 2).end('{}')
      })
    })
    const { statuses, latencyMs, latencies } = await load(planOf(port, provider))
    expect(statuses).toEqual({ 200: 10 })
    expect(seen.size).toBe(10)
    expect(sockets.size).toBe(3)
    expect(latencyMs?.count).toBe(10)
    expect(latencies).toHaveLength(10)
  },
)

it('counts refusals and broken connections, and goes on', async () => {
  let requests = 0
  const port = await listening((req, res) => {
    requests++
    if (requests === 1) req.socket.destroy()
    else if (requests === 2) res.writeHead(503, { 'content-length': 0, connection: 'close' }).end()
    else req.resume().on('end', () => res.setHeader('content-length', 0).end())
  })
  const { statuses, latencies } = await load({ ...planOf(port, 'momentum'), connections: 1 })
  expect(statuses).toEqual({ 0: 1, 200: 8, 503: 1 })
  expect(latencies).toHaveLength(8)
})

it('a request without a place for its stamp is refused', () => {
  expect(() => new Message('/', ['content-type: application/json'], Buffer.from('[]'))).toThrow('stamp')
})

it('an answer is whole with its last byte, wherever packets end', () => {
  const bytes = Buffer.from('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nhello')
  for (let cut = 1; cut < bytes.length; cut++) {
    const reader = new AnswerReader()
    expect(reader.take(bytes.subarray(0, cut))).toBeNull()
    expect(reader.take(bytes.subarray(cut))).toBe(503)
  }
})
