/** Events published to exchanges of RabbitMQ: exported as `posthorn/forwarders/rabbitmq`. */
import { assertFunction, keysOf, knownKeys } from '../../lib/options.ts'
import type { AnyEvent } from '../../types.ts'
import { type Forward, forwardTo, publishEach } from '../kit/forward.ts'
import { type BodyOf, jsonOf, messageIdOf } from '../kit/message.ts'
import { assertMethods, type ForEach, type TextRule, textForEach } from '../kit/options.ts'
import { ChannelRefused, ConfirmingChannel, type ConnectionLike } from './channel.ts'

export type { Forward } from '../kit/forward.ts'
export type { BodyOf } from '../kit/message.ts'
export type { ForEach } from '../kit/options.ts'
export type { ConfirmChannelLike, ConnectionLike, PublishOptions, ReturnedLike } from './channel.ts'

export interface RabbitmqForwardOptions<E> {
  /** Of amqplib. With its option `recovery` it connects again by itself; without, a connection that broke stays so. */
  readonly connection: ConnectionLike
  /** Default: the empty one, which leads to the queue that the routing key names. */
  readonly exchange?: ForEach<E, string>
  /** `mail.bounced`, or the name of a queue. At most 255 bytes, as the exchange. */
  readonly routingKey: ForEach<E, string>
  /** What is published of an event, as JSON. Default: the event. */
  readonly body?: BodyOf<E>
}

const KEYS = keysOf<RabbitmqForwardOptions<never>>({ connection: true, exchange: true, routingKey: true, body: true })

/** A short string of AMQP 0-9-1. */
const NAME: TextRule = { mayBeEmpty: true, mostBytes: 255 }

/**
 * A handler that publishes each event as a persistent message, and waits for the publisher confirm. What no queue takes
 * (`mandatory`) has failed. `messageId` is the id of the event, by which a consumer tells a repeat.
 *
 * @example
 * const connection = await connect(url, { recovery: {} })
 * receiver.onBatch(
 *   '*',
 *   { name: 'to-rabbit', size: 500 },
 *   forward({ connection, exchange: 'mail', routingKey: (event) => event.name }),
 * )
 * @throws OptionError
 */
export function forward<E extends AnyEvent>(options: RabbitmqForwardOptions<E>): Forward<E> {
  knownKeys('forward', options, KEYS)
  const { connection, body = (event) => event } = options
  assertMethods('forward: connection', connection, ['createConfirmChannel'], 'a connection of amqplib')
  assertFunction('forward: body', options.body)
  const exchangeOf = textForEach<E>('forward: exchange', options.exchange ?? '', NAME)
  const routingKeyOf = textForEach<E>('forward: routingKey', options.routingKey, NAME)
  const channel = new ConfirmingChannel(connection)

  async function publish(event: E): Promise<void> {
    await channel.publish({
      exchange: exchangeOf(event),
      routingKey: routingKeyOf(event),
      content: Buffer.from(jsonOf(body(event))),
      options: {
        messageId: messageIdOf(event),
        mandatory: true,
        persistent: true,
        contentType: 'application/json',
        type: event.type,
        timestamp: Math.floor(event.receivedAt.getTime() / 1_000),
      },
    })
  }
  return forwardTo<E>({ one: publish, many: (events) => publishMany(events, publish) })
}

/** A batch that throws is tried again in parts, until the event for which the broker closes the channel stands alone. */
async function publishMany<E extends AnyEvent>(events: readonly E[], publish: (event: E) => Promise<void>) {
  const result = await publishEach(events, publish)
  const refused = result.failed.find(({ error }) => error instanceof ChannelRefused)
  if (refused !== undefined && events.length > 1) throw refused.error
  return result
}
