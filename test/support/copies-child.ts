/**
 * A receiver of a source that absorbs copies, in a process of its own. Arguments: path of the file, and `die` (kills the
 * process inside the handler, when its effect is written) or `live`. Tells `{"handled"}`, `{"port"}`, `{"idle"}`.
 */
import { writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { webhooks } from '../../src/adapters/node.ts'
import { basic } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'

const [path = '', mode = 'live'] = process.argv.slice(2)
const tell = (line: object) => writeSync(1, `${JSON.stringify(line)}\n`)
const auth = basic({ username: 'mailjet', password: 'a-password-of-some-length' })

const receiver = createReceiver({
  inbox: sqlite({ path }),
  sources: { news: mailjet({ auth, dedupeEvents: true }) },
  logger: false,
})
receiver.on('*', { name: 'work' }, async (event) => {
  tell({ handled: event.messageId, delivery: event.delivery.id })
  if (mode === 'die' && event.messageId === '13') process.kill(process.pid, 'SIGKILL')
})
await receiver.start()
const server = createServer(webhooks(receiver)).listen(0, '127.0.0.1', () => {
  const address = server.address()
  tell({ port: typeof address === 'object' ? address?.port : null })
})
await receiver.whenIdle()
tell({ idle: true })
process.on('SIGTERM', async () => {
  server.close()
  await receiver.whenIdle()
  tell({ absorbed: (await receiver.inbox.stats()).duplicateEvents })
  await receiver.close()
  process.exit()
})
