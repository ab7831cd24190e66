/** The receiver of this process. */
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

export const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))
