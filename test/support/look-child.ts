/** Looks into the inbox of another process as a controller does, and tells what it found. */
import { unauthenticated } from '../../src/auth/index.ts'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'

const receiver = createReceiver({
  inbox: sqlite({ path: process.argv[2] ?? '' }),
  sources: { news: mailjet({ auth: unauthenticated() }) },
  role: 'control',
  logger: false,
})
const quarantined = []
for await (const item of receiver.inbox.quarantine()) quarantined.push(item)
const { pending, deadLetters } = await receiver.inbox.stats()
process.stdout.write(`${JSON.stringify({ quarantined, pending, deadLetters })}\n`)
await receiver.close()
