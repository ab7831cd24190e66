/** One of several replicas: start it on as many ports and machines as there should be. */
import { createServer } from 'node:http'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { closeOnSignals, webhooks } from 'posthorn/node'
import { postgres } from 'posthorn/postgres'

const receiver = createReceiver({
  inbox: postgres({ connectionString: process.env.DATABASE_URL }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

const posthorn = webhooks(receiver, { prefix: '/webhooks' })
const server = createServer(async (request, response) => {
  if (request.url !== '/ready') return posthorn(request, response)
  // For the balancer of your platform; nginx.conf finds out by itself.
  const { ready, reason } = await receiver.health()
  response.writeHead(ready ? 200 : 503).end(reason ?? 'ready')
})

await receiver.start()
server.listen(Number(process.env.PORT ?? 3001), () => {
  console.log(`listening on http://localhost:${server.address().port}`)
})
closeOnSignals(server, receiver)
