/** The brokers that there are forwarders for: the real server, the client of an application, and what has arrived. */
import {
  AckPolicy,
  DeliverPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from '@nats-io/jetstream'
import { connect as connectNats } from '@nats-io/transport-node'
import { type ConfirmChannel, connect as connectRabbit, type RecoveringChannelModel } from 'amqplib'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { forward as toQueue } from '../../src/forwarders/bullmq/index.ts'
import type { Forward } from '../../src/forwarders/kit/forward.ts'
import { forward as toNats } from '../../src/forwarders/nats/index.ts'
import { forward as toRabbit } from '../../src/forwarders/rabbitmq/index.ts'
import { forward as toRedis } from '../../src/forwarders/redis/index.ts'
import type { AnyEvent } from '../../src/types.ts'
import { type Broker, type BrokerName, startNats, startRabbit, startRedis } from '../support/brokers.ts'

export interface Arrived {
  /** As the broker tells it: what a consumer knows a repeat by. */
  readonly id: string
  readonly event: AnyEvent
}

/** C is the client of the application. */
export interface Site<C = unknown> {
  readonly broker: Broker
  readonly client: C
  readonly forward: Forward<AnyEvent>
  /** Everything that is in the broker, in its order. */
  arrived(): Promise<Arrived[]>
  /** What a program without an inbox would do: hands so many events to the client at once, and waits for all. */
  bare(events: readonly AnyEvent[]): Promise<unknown>
  close(): Promise<void>
}

export interface Kind<C = unknown> {
  readonly name: string
  readonly program: BrokerName
  /** Over a server of its own, unless one is running. */
  open(running?: Broker): Promise<Site<C>>
}

const RECONNECT_MS = 50

async function openNats(
  running?: Broker,
): Promise<Site<{ readonly js: JetStreamClient; readonly manager: JetStreamManager }>> {
  const broker = running ?? (await startNats())
  const connection = await connectNats({
    port: broker.port,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: 0,
  })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({
    name: 'MAIL',
    subjects: ['mail.>'],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
  })
  const js = jetstream(connection)
  return {
    broker,
    client: { js, manager },
    forward: toNats<AnyEvent>({ jetstream: js, subject: (event) => `mail.${event.type}`, timeoutMs: 2_000 }),
    async arrived() {
      const { state } = await answered(() => manager.streams.info('MAIL'))
      const name = 'reader'
      await manager.consumers.add('MAIL', {
        durable_name: name,
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.All,
      })
      const consumer = await js.consumers.get('MAIL', name)
      const found: Arrived[] = []
      while (found.length < state.messages)
        for await (const message of await consumer.fetch({ max_messages: 1_000, expires: 1_000 })) {
          found.push({ id: message.headers?.get('Nats-Msg-Id') ?? '', event: message.json() })
          if (found.length === state.messages) break
        }
      await manager.consumers.delete('MAIL', name)
      return found
    },
    bare: (events) =>
      Promise.all(events.map((event) => js.publish('mail.opened', JSON.stringify(event), { msgID: event.id }))),
    async close() {
      await connection.close()
      await broker.remove()
    },
  }
}

/** A question to a broker that was just started again; the client drops one that it sent while its connection broke. */
async function answered<T>(ask: () => Promise<T>, tries = 5): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (tries === 1) throw error
    return answered(ask, tries - 1)
  }
}

async function openIoredis(running?: Broker): Promise<Site<Redis>> {
  const broker = running ?? (await startRedis('always'))
  const redis = new Redis(broker.port, '127.0.0.1', { retryStrategy: () => RECONNECT_MS })
  redis.on('error', () => {})
  return {
    broker,
    client: redis,
    forward: toRedis<AnyEvent>({ redis, stream: 'mail' }),
    async arrived() {
      const entries = await redis.xrange('mail', '-', '+')
      return entries.map(([, [, id = '', , text = '']]) => ({ id, event: JSON.parse(text) }))
    },
    bare: (events) =>
      Promise.all(events.map((event) => redis.xadd('bare', '*', 'id', event.id, 'event', JSON.stringify(event)))),
    async close() {
      redis.disconnect()
      await broker.remove()
    },
  }
}

const newNodeRedis = (port: number) =>
  createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: RECONNECT_MS } })

async function openNodeRedis(running?: Broker): Promise<Site<ReturnType<typeof newNodeRedis>>> {
  const broker = running ?? (await startRedis('always'))
  const redis = newNodeRedis(broker.port)
  redis.on('error', () => {})
  await redis.connect()
  return {
    broker,
    client: redis,
    forward: toRedis<AnyEvent>({ redis, stream: 'mail' }),
    async arrived() {
      const entries = await redis.xRange('mail', '-', '+')
      return (entries ?? []).map(({ message }) => ({ id: `${message.id}`, event: JSON.parse(`${message.event}`) }))
    },
    bare: (events) =>
      Promise.all(events.map((event) => redis.xAdd('bare', '*', { id: event.id, event: JSON.stringify(event) }))),
    async close() {
      redis.destroy()
      await broker.remove()
    },
  }
}

async function openBullmq(running?: Broker): Promise<Site<Queue>> {
  const broker = running ?? (await startRedis('always'))
  const connection = new Redis(broker.port, '127.0.0.1', { retryStrategy: () => RECONNECT_MS })
  connection.on('error', () => {})
  const queue = new Queue('mail', { connection })
  const bare = new Queue('bare', { connection })
  for (const one of [queue, bare]) one.on('error', () => {})
  await queue.waitUntilReady()
  return {
    broker,
    client: queue,
    forward: toQueue<AnyEvent>({ queue }),
    async arrived() {
      const jobs = await queue.getJobs(['waiting'], 0, -1, true)
      return jobs.map(({ id, data }) => ({ id: `${id}`, event: data }))
    },
    bare: (events) => bare.addBulk(events.map((event) => ({ name: 'opened', data: event, opts: { jobId: event.id } }))),
    async close() {
      connection.disconnect()
      await broker.remove()
    },
  }
}

async function openRabbit(running?: Broker): Promise<Site<RecoveringChannelModel>> {
  const broker = running ?? (await startRabbit())
  const connection = await connectRabbit(`amqp://127.0.0.1:${broker.port}`, {
    recovery: { initialDelay: RECONNECT_MS, maxDelay: 4 * RECONNECT_MS, maxRetries: Number.POSITIVE_INFINITY },
  })
  connection.on('error', () => {})
  const setup = await connection.createChannel()
  setup.on('error', () => {})
  await setup.assertQueue('mail', { durable: true })
  await setup.assertQueue('bare', { durable: true })
  let bare: ConfirmChannel | null = null
  return {
    broker,
    client: connection,
    forward: toRabbit<AnyEvent>({ connection, routingKey: 'mail' }),
    async arrived() {
      const channel = await connection.createChannel()
      const { messageCount } = await channel.checkQueue('mail')
      const found: Arrived[] = []
      const all = Promise.withResolvers<void>()
      if (messageCount === 0) all.resolve()
      await channel.consume('mail', (message) => {
        if (message === null) return
        found.push({ id: message.properties.messageId, event: JSON.parse(message.content.toString()) })
        if (found.length === messageCount) all.resolve()
      })
      await all.promise
      await channel.close()
      return found
    },
    async bare(events) {
      bare ??= await connection.createConfirmChannel()
      for (const event of events) {
        const options = { messageId: event.id, mandatory: true, persistent: true }
        bare.publish('', 'bare', Buffer.from(JSON.stringify(event)), options)
      }
      await bare.waitForConfirms()
    },
    async close() {
      await connection.close().catch(() => {})
      await broker.remove()
    },
  }
}

export const nats = { name: 'nats', program: 'nats-server', open: openNats } as const
export const ioredis = { name: 'redis by ioredis', program: 'redis-server', open: openIoredis } as const
export const nodeRedis = { name: 'redis by node-redis', program: 'redis-server', open: openNodeRedis } as const
export const bullmq = { name: 'bullmq', program: 'redis-server', open: openBullmq } as const
export const rabbitmq = { name: 'rabbitmq', program: 'rabbitmq-server', open: openRabbit } as const

export const KINDS: readonly Kind[] = [nats, ioredis, nodeRedis, bullmq, rabbitmq]
