/**
 * A receiver over PostgreSQL in a process of its own, to be killed or stopped. Arguments: the URL, the schema, `leaseMs`, and
 * what its handler does: `none`, `handle`, `slow` (20 ms), `hang`, or `spin` (holds up the event loop for 4 s, once). Tells
 * its parent, line by line: `{"port"}`, `{"handled"}`, `{"done"}`.
 */
import { createServer } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { closeOnSignals, webhooks } from '../../src/adapters/node.ts'
import { basic } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { postgres } from '../../src/inboxes/postgres/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'

const [connectionString = '', schema = '', leaseMs = '', mode = 'handle'] = process.argv.slice(2)
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)
let hasSpun = false

const receiver = createReceiver({
  inbox: postgres({ connectionString, schema, leaseMs: Number(leaseMs), durability: 'relaxed' }),
  sources: { news: mailjet({ auth: basic({ username: 'mailjet', password: 'a-password-of-some-length' }) }) },
  logger: false,
})
if (mode !== 'none')
  receiver.on('*', { name: 'work' }, async (event) => {
    tell({ handled: event.messageId, pid: process.pid })
    if (mode === 'hang') await new Promise(() => {})
    if (mode === 'slow') await wait(20)
    if (mode === 'spin' && !hasSpun) spin()
    tell({ done: event.messageId, pid: process.pid })
  })

function spin(): void {
  hasSpun = true
  for (const until = performance.now() + 4_000; performance.now() < until; );
}

await receiver.start()
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : null })
})
closeOnSignals(server, receiver, { timeoutMs: 500 })
