// A dashboard in Express: by the session of the application, and for scripts by a password of its own.
import express, { type Request } from 'express'
import { createReceiver } from 'posthorn'
import { basic, token } from 'posthorn/auth'
import { dashboard } from 'posthorn/dashboard'
import { pages, webhooks } from 'posthorn/express'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
  hooks: { acted: ({ who, verb, filter, queued }) => console.log(`${who}: ${verb} ${filter}, ${queued}`) },
})

/** What the login of the application leaves on its requests. */
interface SignedIn extends Request {
  readonly user?: { readonly name: string; readonly isAdmin: boolean }
}

const app = express()
app.use('/webhooks', webhooks(receiver))
app.use(
  '/ops',
  pages(dashboard(receiver), {
    access: ({ user }: SignedIn) => {
      if (user === undefined) return null
      return user.isAdmin ? { who: user.name, people: 'clear', act: ['retry', 'replay', 'drop'] } : { who: user.name }
    },
  }),
)
const scripts = dashboard(receiver, { auth: basic({ username: 'cron', password: { env: 'OPS_PASSWORD' } }) })
app.use('/ops-data', pages(scripts))

await receiver.start()
app.listen(3000)
