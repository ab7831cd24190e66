/** A real receiver for emulators to post to, and what they may count on it. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver, type Source } from 'posthorn'
import { token } from 'posthorn/auth'
import { memory } from 'posthorn/memory'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { onTestFinished } from 'vitest'
import type { AnyEvent } from '../../src/types.ts'

export const TOKEN = 'a token of some length'

/** Answers every request as the listener does; its address without a path. */
export async function listening(listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The body of a request. */
export async function bodyOf(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export interface Site {
  readonly target: string
  readonly events: AnyEvent[]
  /** How many different events of each type were handled, by the type on the wire. */
  counts(): Promise<Record<string, number>>
  readonly receiver: ReturnType<typeof createReceiver>
}

/** A receiver with one source, `shop`; events that come again in other deliveries are absorbed. */
export async function receiving(
  source: Source<AnyEvent> = momentum({ auth: token(TOKEN), dedupeEvents: true }),
  around: (listener: RequestListener) => RequestListener = (listener) => listener,
): Promise<Site> {
  const receiver = createReceiver({ inbox: memory(), logger: false, sources: { shop: source } })
  const events: AnyEvent[] = []
  receiver.on('*', { name: 'collect' }, (event) => void events.push(event))
  await receiver.start()
  onTestFinished(async () => void (await receiver.close({ timeoutMs: 0 })))
  const base = await listening(around(webhooks(receiver)))
  const counts = async () => {
    await receiver.whenIdle()
    return countsOf(events)
  }
  return { target: `${base}/webhooks/shop`, events, counts, receiver }
}

export function countsOf(events: readonly AnyEvent[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { nativeType } of events) {
    const type = nativeType.split('.').at(-1) ?? ''
    counts[type] = (counts[type] ?? 0) + 1
  }
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)))
}

export async function api(url: string, method: string, path: string, body?: unknown, key = 'key'): Promise<Answer> {
  const answer = await fetch(`${url}/api/v1/${path}`, {
    method,
    headers: { authorization: key, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: each test looks at what its endpoint answers
  readonly body: any
}
