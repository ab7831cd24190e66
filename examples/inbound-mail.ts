/** Mails that come in, by a relay webhook of SparkPost and by the Parse API of Mailjet: see docs/inbound-mail.md. */
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createReceiver } from 'posthorn'
import { basic, token } from 'posthorn/auth'
import { mailjetParse } from 'posthorn/mailjet'
import { momentumRelay } from 'posthorn/momentum'
import { closeOnSignals, webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    replies: momentumRelay({ auth: token({ env: 'RELAY_TOKEN' }) }),
    support: mailjetParse({ auth: basic({ username: 'mailjet', password: { env: 'PARSE_PASSWORD' } }) }),
  },
})

receiver.on('inbound', { name: 'tickets', concurrency: 2 }, async ({ id, mail }) => {
  if (mail === null) return
  console.log('from', mail.from, 'for', mail.envelopeTo, 'about', mail.subject)
  const attachments = await mail.attachments()
  for (const [n, { filename, bytes }] of attachments.entries())
    await writeFile(join('attachments', `${id}-${n}-${filename ?? 'unnamed'}`), bytes)
})

await receiver.start()
closeOnSignals(createServer(webhooks(receiver, { prefix: '/webhooks' })).listen(3000), receiver)
