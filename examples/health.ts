/** Probes of Kubernetes, in Fastify: `kubernetes.yaml` beside this file asks for them. */
import fastify from 'fastify'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/fastify'
import { live, ready } from 'posthorn/health'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, async (event) => console.log('suppress', event.provider))

const app = fastify({ requestTimeout: 60_000 })
await app.register(webhooks(receiver), { prefix: '/webhooks' })
// The same two in Express: app.get('/live', live()), app.get('/ready', ready(receiver)).
app.get('/live', live())
app.get('/ready', ready(receiver))
// On all addresses: the kubelet asks from outside of the container.
const address = await app.listen({ port: Number(process.env.PORT ?? 3000), host: '0.0.0.0' })
console.log(`listening on ${address}`)
closeOnSignals(app, receiver)
