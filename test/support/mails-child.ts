/**
 * A receiver of mails in a process of its own, whose memory is looked at. Argument: a plan as JSON. Tells `{"port"}` once
 * it is open. `/end` answers, once all is handled, with what its handler has found: one `Look` for each mail.
 */
import { createServer } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { webhooks } from '../../src/adapters/node.ts'
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { mailjetParse } from '../../src/providers/mailjet/index.ts'
import { momentumRelay } from '../../src/providers/momentum/index.ts'
import type { MailAttachment } from '../../src/types.ts'

export interface MailsPlan {
  readonly path: string
  /** Without a handler what comes is stored, and nothing else. */
  readonly handles: boolean
}

export interface Look {
  /** Of its attachments. */
  readonly sizes: readonly number[]
  /** What the main thread held then beyond what it held when it was open, in bytes: no garbage. */
  readonly held: number
}

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

// The parent wrote it.
const { path, handles } = JSON.parse(process.argv[2] ?? '{}') as MailsPlan
const auth = unauthenticated()
const receiver = createReceiver({
  inbox: sqlite({ path, minFreeBytes: 0 }),
  sources: { relay: momentumRelay({ auth }), parse: mailjetParse({ auth }) },
  role: handles ? 'both' : 'receive',
  // A slow disk is not what is looked at.
  limits: { acceptMs: 100_000 },
  logger: false,
})

function held(): number {
  // The first one leaves buffers to be swept beside it.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const looks: Look[] = []
const look = (attachments: readonly MailAttachment[]) =>
  looks.push({ held: held() - idle, sizes: attachments.map(({ bytes }) => bytes.length) })
if (handles) receiver.on('inbound', async ({ mail }) => void (mail && look(await mail.attachments())))

const idle = held()
await receiver.start()
const listener = webhooks(receiver)
const server = createServer((req, res) => {
  if (req.url !== '/end') return listener(req, res)
  void receiver.whenIdle().then(() => res.end(JSON.stringify(looks)))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : null })}\n`)
})
