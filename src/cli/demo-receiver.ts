/** The receiver of the demo, in a process of its own, so that it can be killed. Started by `demo-process.ts` alone. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { closeOnSignals, webhooks } from '../adapters/node.ts'
import { basic, header, oauth2Issuer, token } from '../auth/index.ts'
import { createReceiver } from '../core/receiver.ts'
import { postgres } from '../inboxes/postgres/index.ts'
import { sqlite } from '../inboxes/sqlite/index.ts'
import type { DashboardOptions } from '../ports/board.ts'
import { esputnik } from '../providers/esputnik/index.ts'
import { mailjet } from '../providers/mailjet/index.ts'
import { momentum } from '../providers/momentum/index.ts'
import { sparkpost } from '../providers/momentum/sparkpost.ts'
import type { AnyEvent } from '../types.ts'
import type { FromReceiver, HandledEvent, ReceiverSetting } from './demo-process.ts'
import { OpsServer } from './ops-server.ts'
import { say } from './out/streams.ts'

/** Of its log the demo shows the stop, which it is asked for. */
const stopLines = {
  info: (facts: object, message: string) => {
    if ('event' in facts && String(facts.event).startsWith('stop')) say(message)
  },
  warn: () => {},
  error: () => {},
}

/** Resolves when the other process has it: a handler that has ended has told what it did, also when we are killed now. */
const tell = (message: FromReceiver) => new Promise<void>((resolve) => process.send?.(message, () => resolve()))

/** What the one that was killed had is taken up soon: somebody watches. */
const LEASE_MS = 2_000

function inboxOf({ inbox }: ReceiverSetting) {
  if ('file' in inbox) return sqlite({ path: inbox.file })
  const { url: connectionString, schema } = inbox
  return postgres({ connectionString, schema, leaseMs: LEASE_MS, durability: 'relaxed' })
}

function newReceiver(setting: ReceiverSetting) {
  const { secrets } = setting
  const issuer = { clientId: 'sparkpost', clientSecret: secrets.cloud, signingKey: secrets.signing }
  return createReceiver({
    inbox: inboxOf(setting),
    sources: {
      shop: momentum({ auth: token(secrets.shop) }),
      cloud: sparkpost({ auth: oauth2Issuer(issuer) }),
      news: mailjet({ auth: basic({ username: 'mailjet', password: secrets.news }) }),
      crm: esputnik({ auth: header('x-esputnik-key', secrets.crm), timeZone: 'UTC' }),
    },
    logger: stopLines,
  })
}

function toHandled(event: AnyEvent): HandledEvent {
  const { id, provider, name, type, nativeType, source, occurredAt, email, messageId, effect } = event
  return { id, provider, name, type, nativeType, source, occurredAt, email, messageId, effect }
}

async function listen(server: Server, port: number): Promise<number> {
  const tryPort = (wanted: number) =>
    new Promise<number>((resolve, reject) => {
      const listening = () => resolve((server.off('error', reject).address() as AddressInfo).port)
      server.once('error', reject).listen(wanted, '127.0.0.1', listening)
    })
  return tryPort(port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    say(`Port ${port} is taken; another one will do.`)
    return tryPort(0)
  })
}

/** Nobody of this mail is a person. */
const EVERYTHING: DashboardOptions['access'] = {
  people: 'clear',
  bytes: true,
  act: ['retry', 'replay', 'reparse', 'drop', 'pause', 'resume', 'prune', 'erase'],
}

process.once('message', async (setting: ReceiverSetting) => {
  const receiver = newReceiver(setting)
  receiver.onBatch('*', { name: 'tell' }, (events) => tell({ handled: events.map(toHandled) }))
  await receiver.start()
  const server = createServer(webhooks(receiver, { prefix: '/webhooks' }))
  const port = await listen(server, setting.port)
  const ops = new OpsServer(receiver, { port: setting.opsPort, dashboard: { access: EVERYTHING } })
  const { health, metrics } = await ops.listen()
  const after = async () => {
    ops.close()
    // The channel would keep the process running after its stop.
    process.disconnect()
  }
  closeOnSignals(server, receiver, { after })
  await tell({ port, opsPort: Number(new URL(health).port), metrics })
})
// Nobody would stop it then.
process.once('disconnect', () => process.exit())
