/**
 * A promo code for a mail, asked for by the Webhook block of a workflow of eSputnik (Yespo): see
 * docs/esputnik-workflow.md.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReceiver } from 'posthorn'
import { basic } from 'posthorn/auth'
import { esputnikWorkflow, onceFor, type WorkflowCall } from 'posthorn/esputnik'
import { closeOnSignals, webhooks } from 'posthorn/node'
import { sqlite } from 'posthorn/sqlite'
import { z } from 'zod'

/** Codes to hand out; in earnest a table with a unique key. */
const free = ['SPRING-1', 'SPRING-2', 'SPRING-3']
const taken = new Map<string, string>()

/** The code of a key: the one it has, or the next that is free. */
async function takeCode(key: string): Promise<string> {
  const code = taken.get(key) ?? free.shift()
  if (code === undefined) throw new Error('there are no codes left')
  taken.set(key, code)
  return code
}

const params = z.object({ email: z.email() })

const promocode = onceFor(
  (call: WorkflowCall<z.output<typeof params>>) => call.params.email.toLowerCase(),
  async (_call, { key }) => ({ promocode: await takeCode(key) }),
)

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: {
    promo: esputnikWorkflow({
      auth: basic({ username: 'yespo', password: { env: 'WORKFLOW_PASSWORD' } }),
      params,
      respond: promocode,
      fallback: { promocode: '' },
    }),
  },
})

await receiver.start()
const server = createServer(webhooks(receiver, { prefix: '/webhooks' }))
server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`)
})
closeOnSignals(server, receiver)
