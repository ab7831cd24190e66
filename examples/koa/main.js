/** Koa: webhooks beside its own middleware. */
import Koa from 'koa'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { closeOnSignals, webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

const posthorn = webhooks(receiver, { prefix: '/webhooks' })
const app = new Koa()
// Before any body parser: they take the bytes away.
app.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/webhooks/')) return next()
  // The answer is written by Posthorn.
  ctx.respond = false
  posthorn(ctx.req, ctx.res)
})
app.use((ctx) => {
  ctx.body = 'a page of the application'
})

await receiver.start()
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${server.address().port}`)
})
server.requestTimeout = 60_000
closeOnSignals(server, receiver)
