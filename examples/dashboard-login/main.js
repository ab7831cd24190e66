/**
 * The dashboard behind the login of an application, whose session says who may look and who may act. It needs the variables
 * WEBHOOK_TOKEN, SESSION_SECRET and OPS_PASSWORD. Sign in with OPS_PASSWORD as `ann`, who may act, or as anybody else, who may look:
 * `curl -d name=ann -d password=$OPS_PASSWORD -c cookies http://localhost:3000/login`.
 */
import express from 'express'
import session from 'express-session'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { dashboard } from 'posthorn/dashboard'
import { closeOnSignals, pages, webhooks } from 'posthorn/express'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const { SESSION_SECRET, OPS_PASSWORD } = process.env
if (!SESSION_SECRET || !OPS_PASSWORD) throw new Error('SESSION_SECRET and OPS_PASSWORD have to be set')

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
  hooks: { acted: ({ who, verb, queued }) => console.log(`${who} did ${verb}: ${queued}`) },
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

const app = express()
// First, without sessions and parsers: senders bring neither.
app.use('/webhooks', webhooks(receiver))

app.use(session({ secret: SESSION_SECRET, resave: false, saveUninitialized: false }))
// Yours looks into a table of users, and compares hashes.
app.post('/login', express.urlencoded(), (request, response) => {
  if (request.body.password !== OPS_PASSWORD) return response.sendStatus(401)
  request.session.regenerate(() => {
    request.session.user = { name: request.body.name, isAdmin: request.body.name === 'ann' }
    response.redirect('/ops')
  })
})
app.use(
  '/ops',
  pages(dashboard(receiver), {
    access: ({ session: { user } }) => {
      if (user === undefined) return null
      return user.isAdmin ? { who: user.name, people: 'clear', act: ['retry', 'replay', 'drop'] } : { who: user.name }
    },
  }),
)

await receiver.start()
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${server.address().port}`)
})
closeOnSignals(server, receiver)
