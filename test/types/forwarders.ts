/** Checked by the compiler, never run: what the forwarders take, with the real clients, and where they fit. */
import { jetstream } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { connect as connectRabbit } from 'amqplib'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { forward as toQueue } from 'posthorn/forwarders/bullmq'
import { forward as toHttp } from 'posthorn/forwarders/http'
import { forward as toNats } from 'posthorn/forwarders/nats'
import { forward as toRabbit } from 'posthorn/forwarders/rabbitmq'
import { forward as toRedis } from 'posthorn/forwarders/redis'
import { type MailjetEvent, mailjet } from 'posthorn/mailjet'
import { memory } from 'posthorn/memory'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { createClient, createCluster } from 'redis'

/** Compiles only when both types are the same, and neither is `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <_T extends true>(): void => {}

type Any = MomentumEvent | MailjetEvent
const sources = { shop: momentum({ auth: token('secret') }), news: mailjet({ auth: token('secret') }) }
const receiver = createReceiver({ inbox: memory(), sources })
const connection = await connectNats()

receiver.onBatch(
  '*',
  { name: 'to-nats', size: 500 },
  toNats({
    jetstream: jetstream(connection),
    subject(event) {
      is<Same<typeof event, Any>>()
      return `mail.${event.type}`
    },
  }),
)
receiver.on(
  'bounced',
  { orderBy: (event) => event.email },
  toNats({
    jetstream: jetstream(connection),
    subject: (event) => `mail.${event.bounce.kind}`,
    body({ id, email, bounce }) {
      is<Same<typeof bounce.class, string | null>>()
      return { id, email, bounce }
    },
  }),
)
receiver.on('clicked', toHttp({ url: 'https://app.example', secrets: { env: 'PIPE' }, body: (event) => event.url }))
receiver.onBatch('*', toHttp({ url: new URL('https://app.example'), secrets: ['a', { label: 'old', secret: 'b' }] }))
receiver.on('*', toHttp({ url: 'https://app.example', secrets: 'a', fetch }))

const redis = new Redis()
receiver.on('*', { orderBy: (event) => event.messageId }, toRedis({ redis, stream: 'mail', maxLength: 1_000_000 }))
receiver.onBatch('*', toRedis({ redis: createClient(), stream: (event) => `mail:${event.source}` }))
receiver.onBatch('*', toRedis({ redis: createCluster({ rootNodes: [] }), stream: 'mail' }))

const queues = { momentum: new Queue('momentum'), mailjet: new Queue('mailjet') }
receiver.onBatch('*', { size: 500 }, toQueue({ queue: (event) => queues[event.provider] }))
receiver.on('*', toQueue({ queue: queues.momentum, name: 'event', job: { removeOnComplete: true } }))

const rabbit = await connectRabbit('amqp://localhost')
receiver.onBatch('*', { size: 500 }, toRabbit({ connection: rabbit, routingKey: (event) => event.name }))
const recovering = await connectRabbit('amqp://localhost', { recovery: {} })
receiver.onBatch('*', { size: 500 }, toRabbit({ connection: recovering, exchange: 'mail', routingKey: 'all' }))

// @ts-expect-error a connection alone confirms nothing
toNats({ connection, subject: 'mail' })
// @ts-expect-error it has to say where to
toRedis({ redis })
// @ts-expect-error a misspelt option
toHttp({ url: 'https://app.example', secrets: 'a', timeout: 5 })
// @ts-expect-error not every event has a bounce
receiver.onBatch('*', toNats({ jetstream: jetstream(connection), subject: (event) => event.bounce.kind }))
// @ts-expect-error the queue of an event is a queue
receiver.on('*', toQueue({ queue: (event) => event.provider }))
