/** Bun: `bun main.js`. */
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { closeOnSignals } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

await receiver.start()
const server = Bun.serve({
  port: Number(process.env.PORT ?? 3000),
  // Above `limits.bodyBytes`, which answers with the code.
  maxRequestBodySize: 128 * 1024 * 1024,
  routes: { '/webhooks/*': (request) => receiver.handle(request) },
  fetch: () => new Response('a page of the application'),
})
closeOnSignals({ close: (closed) => void server.stop().then(() => closed(), closed) }, receiver)
console.log(`listening on ${server.url.origin}`)
