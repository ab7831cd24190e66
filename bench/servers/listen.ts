/** What the peers share: a server on a free port of loopback, the path they serve, the end of a body. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Served } from './plan.ts'

/** The last segment is the name of the source. */
export const PATH = '/webhooks/shop'

/** Larger than any body here; frameworks refuse 100 kB or 1 MB by default. */
export const BODY_LIMIT = 64 << 20

export async function listen(listener: RequestListener): Promise<Served> {
  return served(createServer(listener))
}

export async function served(server: Server): Promise<Served> {
  const openedAt = performance.now()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, startMs: 0, openedAt, idle: async () => {}, close }
}

/** Calls back instead of awaiting, as the barest server would. */
export function whenRead(req: IncomingMessage, then: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => then(Buffer.concat(chunks)))
}

export const ANSWER = '{"status":"accepted"}'
export const ANSWER_HEAD = { 'content-type': 'application/json', 'content-length': ANSWER.length }
