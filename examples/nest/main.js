/** NestJS on Express: `main.ts` of an application, without its types. */
import 'reflect-metadata'
import { Controller, Get, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/express'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

class Pages {
  home() {
    return 'a page of the application'
  }
}
Get()(Pages.prototype, 'home', Object.getOwnPropertyDescriptor(Pages.prototype, 'home'))
Controller()(Pages)

class Application {}
Module({ controllers: [Pages] })(Application)

// Nest's own parser would take the bytes away; it comes after the webhooks.
const app = await NestFactory.create(Application, { bodyParser: false, logger: ['warn', 'error'] })
app.use('/webhooks', webhooks(receiver))
app.useBodyParser('json')

await receiver.start()
await app.listen(Number(process.env.PORT ?? 3000))
closeOnSignals(app.getHttpServer(), receiver, { after: () => app.close() })
console.log(`listening on http://localhost:${app.getHttpServer().address().port}`)
