/** The receiver of this process. Next loads this module once for each bundle, and anew at each edit. */
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

function make() {
  const receiver = createReceiver({
    sources: { shop: momentum({ auth: token(() => process.env.WEBHOOK_TOKEN) }) },
    inbox: sqlite({ path: process.env.INBOX ?? './data/webhooks.db' }),
  })
  receiver.on('bounced', { name: 'suppress' }, async (event) => {
    console.log(`suppress ${event.id}`)
  })
  return receiver
}

if (process.env.NODE_ENV === 'development') {
  // What is loaded now has the handlers as they were edited.
  await globalThis.webhooks?.close()
  globalThis.webhooks = undefined
}

globalThis.webhooks ??= make()
export const receiver = globalThis.webhooks
