/** One delivery through a whole receiver on the file that is named, for a process with unusual flags. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { webhooks } from '../../src/adapters/node.ts'
import { token } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { momentum } from '../../src/providers/momentum/index.ts'

const receiver = createReceiver({
  inbox: sqlite({ path: process.argv[2] ?? '' }),
  sources: { shop: momentum({ auth: token('a-token-of-some-length') }) },
})
let email: string | null = null
receiver.on('clicked', (event) => {
  email = event.email
})
await receiver.start()
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo // it listens on a port by now
const answer = await fetch(`http://127.0.0.1:${port}/shop`, {
  method: 'POST',
  headers: { 'x-messagesystems-webhook-token': 'a-token-of-some-length' },
  body: '[{"msys":{"track_event":{"type":"click","rcpt_to":"jo@shop.example","rcpt_meta":{"__proto__":{"a":1}}}}}]',
})
await receiver.whenIdle()
process.stdout.write(`${answer.status} ${email}`)
server.close()
await receiver.close()
