/**
 * A receiver in a process of its own that replays three deliveries, to be killed meanwhile: its handler never comes back
 * from an event of a replay. Argument: path of the file. Tells its parent `{"run"}`, and `{"replayed"}` for each event.
 */
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'

const tell = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`)

const receiver = createReceiver({
  inbox: sqlite({ path: process.argv[2] ?? '' }),
  sources: { news: mailjet({ auth: unauthenticated() }) },
  logger: false,
})
receiver.on('*', { name: 'work', concurrency: 1, timeoutMs: 1_000_000 }, (event) => {
  if (!event.isReplay) return undefined
  tell({ replayed: event.id })
  return new Promise(() => {})
})
for (const MessageID of [1, 2, 3]) await receiver.inject('news', [{ event: 'open', time: 1_700_000_000, MessageID }])
await receiver.whenIdle()
setInterval(() => {}, 1_000)
const { run, queued } = await receiver.inbox.replay({ all: true })
tell({ run, queued })
