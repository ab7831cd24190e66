/**
 * A receiver in a process of its own, to be killed. Arguments: path of the file, and what its handler does:
 * `none` (there is no handler), `hang`, `handle`, or `die` (kills the process at a message id of 13). Tells its parent, line by line: `{"port"}`, `{"handled"}`.
 */
import { createServer } from 'node:http'
import { closeOnSignals, webhooks } from '../../src/adapters/node.ts'
import { basic } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'

const [path = '', mode = 'none'] = process.argv.slice(2)
const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const receiver = createReceiver({
  inbox: sqlite({ path }),
  sources: { news: mailjet({ auth: basic({ username: 'mailjet', password: 'a-password-of-some-length' }) }) },
  logger: false,
})
if (mode !== 'none')
  receiver.on('*', { name: 'work' }, (event, { attempt }) => {
    tell({ handled: event.id, messageId: event.messageId, attempt })
    if (mode === 'die' && event.messageId === '13') process.kill(process.pid, 'SIGKILL')
    return mode === 'hang' ? new Promise(() => {}) : undefined
  })
await receiver.start()
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : null })
})
closeOnSignals(server, receiver, { timeoutMs: 500 })
await receiver.whenIdle()
tell({ idle: true })
