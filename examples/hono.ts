/** Hono, or any host of fetch handlers on Node. */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createReceiver } from 'posthorn'
import { header } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { closeOnSignals } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { crm: esputnik({ auth: header('X-Key', { env: 'YESPO_KEY' }), timeZone: 'Europe/Kyiv' }) },
})
receiver.on('preferences_changed', async (event) => console.log(event.payload.contactId, event.subscriptions))

// All methods: eSputnik checks an address with GET.
const app = new Hono()
app.all('/webhooks/*', (c) => receiver.handle(c.req.raw))
await receiver.start()
const server = serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000) }, ({ port }) => {
  console.log(`listening on http://localhost:${port}`)
})
closeOnSignals(server, receiver)

/** Where a file is a route: bound already, for one source. */
export const { handle: GET, handle: POST, handle: HEAD } = receiver
export const onlyCrm = (request: Request): Promise<Response> => receiver.handle(request, { source: 'crm' })
