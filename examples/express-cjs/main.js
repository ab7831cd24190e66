/** Express in CommonJS: `require` works as it is. */
const express = require('express')
const { createReceiver } = require('posthorn')
const { token } = require('posthorn/auth')
const { closeOnSignals, webhooks } = require('posthorn/express')
const { momentum } = require('posthorn/momentum')
const { sqlite } = require('posthorn/sqlite')

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

const app = express()
// Before any body parser: they take the bytes away.
app.use('/webhooks', webhooks(receiver))

receiver.start().then(() => {
  const server = app.listen(Number(process.env.PORT ?? 3000), () => {
    console.log(`listening on http://localhost:${server.address().port}`)
  })
  closeOnSignals(server, receiver)
})
