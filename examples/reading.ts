/** The senders without a receiver: bodies of files and queues read into events, headers verified in a host of your own. */
import { readFile } from 'node:fs/promises'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { read, verify } from 'posthorn/read'
import { sqlite } from 'posthorn/sqlite'

const shop = momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) })

export async function readFromFile(file: string): Promise<void> {
  const { events, unreadable } = read(shop, await readFile(file))
  for (const event of events) if (event.type === 'clicked') console.log(event.occurredAt, event.url)
  for (const { index, reason, at } of unreadable) console.error(`element ${index}: ${reason} at ${at}`)
}

/** The end of the queue that the sender posts to. */
export async function POST(request: Request): Promise<Response> {
  const verdict = await verify(shop, request.headers)
  if (!verdict.ok) return new Response(null, { status: verdict.unavailable ? 503 : 401 })
  const body = Buffer.from(await request.arrayBuffer()).toString('base64')
  await queue.send({ body, headers: [...request.headers], receivedAt: Date.now() })
  return new Response(null, { status: 200 })
}

/** The other end. The ids are those that a receiver would give: keep them to handle each event once. */
export async function consume({ body, headers, receivedAt }: Message): Promise<void> {
  const options = { source: 'shop', headers, receivedAt: new Date(receivedAt) }
  const { events, unreadable } = read(shop, Buffer.from(body, 'base64'), options)
  for (const event of events) await handle(event)
  if (unreadable.length > 0) await keep(body, unreadable)
}

/** Old bodies, put into a receiver as if they had been delivered. */
export async function backfill(files: readonly string[]): Promise<void> {
  const receiver = createReceiver({ inbox: sqlite({ path: './posthorn.db' }), sources: { shop } })
  receiver.on('momentum.track_event.*', { name: 'tracking' }, (event) => handle(event))
  for (const file of files) {
    const { id, status } = await receiver.inject('shop', await readFile(file))
    console.log(`${file} is ${id}: ${status}`)
  }
  await receiver.drain()
  await receiver.close()
}

interface Message {
  readonly body: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly receivedAt: number
}

declare const queue: { send(message: Message): Promise<void> }
declare function handle(event: MomentumEvent): Promise<void>
declare function keep(body: string, why: readonly object[]): Promise<void>
