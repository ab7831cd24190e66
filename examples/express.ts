/** Express: one call mounts an endpoint for every source. */
import type { AddressInfo } from 'node:net'
import express from 'express'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/express'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

const suppressions = new Set<string>()
const links = new Map<string, number>()
const warehouse: object[] = []

const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) }, // POST /webhooks/shop
})
receiver.on('effect.suppress', { name: 'suppress' }, async (event) => suppressions.add(event.email))
receiver.on('momentum.click', { name: 'clicks' }, async (event) => {
  const url = event.payload.target_link_url ?? ''
  links.set(url, (links.get(url) ?? 0) + 1)
})
receiver.onBatch('*', { name: 'warehouse', size: 1000 }, async (events) => {
  warehouse.push(...events)
})

await receiver.start()
const app = express().use('/webhooks', webhooks(receiver))
const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`listening on http://localhost:${(server.address() as AddressInfo).port}`)
})
closeOnSignals(server, receiver)
