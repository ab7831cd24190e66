/** Every event goes on to a service of yours: signed, after the 200, until it has confirmed. */
import { createServer } from 'node:http'
import { createReceiver } from 'posthorn'
import { basic } from 'posthorn/auth'
import { forward } from 'posthorn/forwarders/http'
import { mailjet } from 'posthorn/mailjet'
import { closeOnSignals, webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { news: mailjet({ auth: basic({ username: 'mailjet', password: { env: 'WEBHOOK_TOKEN' } }) }) },
})
// What concerns one address arrives in its order.
receiver.on(
  '*',
  { name: 'pipe', orderBy: (event) => event.email },
  forward({ url: process.env.PIPE_URL, secrets: { env: 'PIPE_SECRET' } }),
)

await receiver.start()
const server = createServer(webhooks(receiver, { prefix: '/webhooks' }))
server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${server.address().port}`)
})
closeOnSignals(server, receiver)
