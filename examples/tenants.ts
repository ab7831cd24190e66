/** A source for each tenant: those of the database at the start, and those that come and go while the receiver runs. */
import express from 'express'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { closeOnSignals, webhooks } from 'posthorn/express'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

/** What the application keeps of its tenants. */
export interface Tenants {
  names(): Promise<readonly string[]>
  tokenOf(name: string): Promise<string>
  store(name: string, event: MomentumEvent): Promise<void>
}

export async function serveTenants(tenants: Tenants, port: number) {
  const sourceOf = (name: string) => momentum({ auth: token(() => tenants.tokenOf(name)) })
  const receiver = createReceiver({
    inbox: sqlite({ path: './posthorn.db' }),
    // One of each sender, so that handlers know its events.
    sources: { house: momentum({ auth: token({ env: 'HOUSE_TOKEN' }) }) },
  })
  receiver.on('momentum.*', { name: 'store' }, (event) => tenants.store(event.source, event))

  // Before the start: what waits of a tenant since the last stop is read then.
  for (const name of await tenants.names()) await receiver.addSource(name, sourceOf(name))
  await receiver.start()
  const server = express().use('/webhooks', webhooks(receiver)).listen(port)
  closeOnSignals(server, receiver)

  return {
    server,
    receiver,
    signUp: (name: string) => receiver.addSource(name, sourceOf(name)),
    leave: (name: string) => receiver.removeSource(name),
    tokensChanged: () => receiver.reloadSecrets(),
  }
}
