/** node:http without a framework, with sources of every sender. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from 'posthorn'
import { basic, header, token } from 'posthorn/auth'
import { esputnik } from 'posthorn/esputnik'
import { mailjet } from 'posthorn/mailjet'
import { momentum, sparkpost } from 'posthorn/momentum'
import { closeOnSignals, webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }),
    outlet: sparkpost({ auth: basic({ username: 'sparkpost', password: { env: 'SPARKPOST_PASSWORD' } }) }),
    news: mailjet({ auth: basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } }) }),
    crm: esputnik({ auth: header('X-Key', { env: 'YESPO_KEY' }), timeZone: 'Europe/Kyiv' }),
  },
})
receiver.on('bounced', { source: ['shop', 'outlet'] }, async (event) => {
  console.log(event.source, event.bounce.kind, event.bounce.class, event.smtp?.enhanced)
})

await receiver.start()
const server = createServer(webhooks(receiver, { prefix: '/webhooks' }))
server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`)
})
closeOnSignals(server, receiver)
