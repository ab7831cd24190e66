/** Deno: `deno run --allow-all main.js`, beside a `node_modules` that npm has made. */
import process from 'node:process'
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
const server = Deno.serve({ port: Number(process.env.PORT ?? 3000), onListen }, (request) => {
  const { pathname } = new URL(request.url)
  return pathname.startsWith('/webhooks/') ? receiver.handle(request) : new Response('a page of the application')
})
closeOnSignals({ close: (closed) => void server.shutdown().then(() => closed(), closed) }, receiver)

function onListen({ port }) {
  console.log(`listening on http://localhost:${port}`)
}
