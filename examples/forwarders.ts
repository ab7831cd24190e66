/** Events handed on to what you run already: an HTTP service of yours, NATS, RabbitMQ, BullMQ, Redis, and Kafka by hand. */
import { jetstream } from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { connect as connectRabbit } from 'amqplib'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { type BatchHandler, createReceiver } from 'posthorn'
import { token } from 'posthorn/auth'
import { forward as toQueue } from 'posthorn/forwarders/bullmq'
import { forward as toHttp } from 'posthorn/forwarders/http'
import { forward as toNats } from 'posthorn/forwarders/nats'
import { forward as toRabbit } from 'posthorn/forwarders/rabbitmq'
import { forward as toRedis } from 'posthorn/forwarders/redis'
import { type MomentumEvent, momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'

export const receiver = createReceiver({
  inbox: sqlite({ path: './posthorn.db' }),
  sources: { shop: momentum({ auth: token({ env: 'MOMENTUM_TOKEN' }) }) },
})

/** A service of yours, one event at a time for each address. */
export function pipe(): void {
  const forward = toHttp({
    url: 'https://app.example.com/mail-events',
    secrets: [{ env: 'PIPE_SECRET' }, { env: 'PIPE_SECRET_BEFORE', optional: true }],
  })
  receiver.on('*', { name: 'pipe', orderBy: (event) => event.email }, forward)
}

export async function nats(): Promise<void> {
  const connection = await connectNats({ servers: 'nats://localhost:4222', maxReconnectAttempts: -1 })
  receiver.onBatch(
    '*',
    { name: 'to-nats', size: 500 },
    toNats({ jetstream: jetstream(connection), subject: (event) => `mail.${event.type}`, stream: 'MAIL' }),
  )
}

export function redis(): void {
  const client = new Redis({ host: 'localhost', enableOfflineQueue: false })
  receiver.onBatch('*', { name: 'to-redis', size: 500 }, toRedis({ redis: client, stream: 'mail' }))
}

export function bullmq(): void {
  const queue = new Queue('mail', { connection: { host: 'localhost', enableOfflineQueue: false } })
  const job = { attempts: 5, removeOnComplete: { age: 86_400 } }
  receiver.onBatch('*', { name: 'to-jobs', size: 500 }, toQueue({ queue, name: (event) => event.type, job }))
}

export async function rabbitmq(): Promise<void> {
  const connection = await connectRabbit('amqp://localhost', { recovery: {} })
  connection.on('error', (error) => console.error(error.message))
  receiver.onBatch(
    '*',
    { name: 'to-rabbit', size: 500 },
    toRabbit({ connection, exchange: 'mail', routingKey: (event) => event.name }),
  )
}

export function kafka(producer: Producer): void {
  receiver.onBatch(
    '*',
    { name: 'to-kafka', size: 500 },
    toKafka(producer, (event) => `mail.${event.type}`),
  )
}

/** Another broker: what confirms each message by itself says which have failed; what confirms all or none just throws. */
export function toKafka(producer: Producer, topic: (event: MomentumEvent) => string): BatchHandler<MomentumEvent> {
  return async (events, { signal }) => {
    signal.throwIfAborted()
    const topics = Map.groupBy(events, topic)
    const sent = [...topics].map(async ([name, group]) => {
      try {
        await producer.send({ topic: name, messages: group.map(messageOf) })
        return []
      } catch (error) {
        // MESSAGE_TOO_LARGE: thrown, so that the batch is tried again in halves until the event stands alone.
        if ((error as { code?: unknown }).code === 10) throw error
        return group.map(({ id }) => ({ id, error }))
      }
    })
    return { failed: (await Promise.all(sent)).flat() }
  }
}

const messageOf = (event: MomentumEvent) => ({
  key: event.email ?? event.id,
  value: JSON.stringify(event),
  headers: { id: event.run === null ? event.id : `${event.id}.${event.run}` },
})

/** As `@confluentinc/kafka-javascript` and `kafkajs` have it, made with `acks: -1` and `idempotent: true`, and connected. */
interface Producer {
  send(batch: {
    topic: string
    messages: { key: string; value: string; headers: Record<string, string> }[]
  }): Promise<unknown>
}
