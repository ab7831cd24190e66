/** Fastify: a plugin with a route for every source; it starts the receiver with the server and closes it with it. */
import fastify from 'fastify'
import { createReceiver } from 'posthorn'
import { basic } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/fastify'
import { mailjet } from 'posthorn/mailjet'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { news: mailjet({ auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }) }) },
})
receiver.on('complained', async (event) => console.log('complaint', event.id, event.messageId))

// Without a requestTimeout, Fastify waits for a slow request for ever.
const app = fastify({ requestTimeout: 60_000 })
await app.register(webhooks(receiver), { prefix: '/webhooks' })
app.get('/health', async (_request, reply) => {
  const health = await receiver.health()
  return reply.code(health.ready ? 200 : 503).send(health)
})
console.log(`listening on ${await app.listen({ port: Number(process.env.PORT ?? 3000) })}`)
closeOnSignals(app, receiver)
