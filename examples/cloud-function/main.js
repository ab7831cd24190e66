/**
 * A function that is stopped after its answer, here of Google Cloud (Functions Framework): the 200 goes out when every
 * handler is done, and the sender repeats what was not. What is stored has to outlive the function: in PostgreSQL.
 */
import functions from '@google-cloud/functions-framework'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { momentum } from 'posthorn/momentum'
import { webhooks } from 'posthorn/node'
import { postgres } from 'posthorn/postgres'

const receiver = createReceiver({
  inbox: postgres({ connectionString: process.env.DATABASE_URL }),
  sources: { shop: momentum({ auth: token({ env: 'WEBHOOK_TOKEN' }) }) },
  ack: 'handled',
})
receiver.on('effect.suppress', { name: 'suppress' }, (event) => console.log('suppress', event.id))

// POST /shop: the framework has read the body, and has kept its bytes, which Posthorn takes.
functions.http('webhooks', webhooks(receiver))

// For a scheduler, every few minutes: retries that no repeat of a sender has done.
functions.http('drain', async (_request, response) => {
  await receiver.drain({ limitMs: 60_000 })
  response.sendStatus(204)
})
