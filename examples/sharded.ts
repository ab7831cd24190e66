/** One inbox over several databases, each with its share of the deliveries. */
import express from 'express'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/express'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { postgres } from 'posthorn/postgres'
import { sharded } from 'posthorn/sharded'

/** `urls`: in their order, which is never changed; `joining` is the place of one that is being added. */
export async function serveShards(
  urls: readonly string[],
  port: number,
  store: (event: MomentumEvent) => Promise<void>,
  joining?: number,
) {
  const inboxes = urls.map((connectionString) => postgres({ connectionString }))
  const receiver = createReceiver({
    inbox: sharded({ inboxes, ...(joining !== undefined && { joining }) }),
    sources: { shop: momentum({ auth: token({ env: 'SHOP_TOKEN' }) }) },
  })
  receiver.on('momentum.*', { name: 'store' }, store)
  await receiver.start()
  const server = express().use('/webhooks', webhooks(receiver)).listen(port)
  closeOnSignals(server, receiver)
  return { server, receiver }
}
