/** Events appended to streams of Redis: exported as `posthorn/forwarders/redis`. */
import { PosthornError } from '../../errors.ts'
import { assertFunction, keysOf, knownKeys, wholeNumber } from '../../lib/options.ts'
import type { AnyEvent } from '../../types.ts'
import { confirmedBy, type Forward, forwardTo, publishEach } from '../kit/forward.ts'
import { type BodyOf, jsonOf, messageIdOf } from '../kit/message.ts'
import { assertMethods, type ForEach, textForEach } from '../kit/options.ts'

export type { Forward } from '../kit/forward.ts'
export type { BodyOf } from '../kit/message.ts'
export type { ForEach } from '../kit/options.ts'

/** A client or a cluster of `ioredis`. */
export interface IoredisLike {
  xadd(key: string, ...args: string[]): Promise<string | null>
}

/** A client, a pool or a cluster of `redis`. */
export interface NodeRedisLike {
  xAdd(
    key: string,
    id: '*',
    message: Record<string, string>,
    options?: { TRIM: { strategy: 'MAXLEN'; strategyModifier: '~'; threshold: number } },
  ): Promise<unknown>
}

export interface RedisForwardOptions<E> {
  readonly redis: IoredisLike | NodeRedisLike
  /** The key of the stream: `mail`. */
  readonly stream: ForEach<E, string>
  /** What is appended of an event, as JSON. Default: the event. */
  readonly body?: BodyOf<E>
  /** About so many entries are kept (`MAXLEN ~`), whether they were read or not. Default: all. */
  readonly maxLength?: number
}

const KEYS = keysOf<RedisForwardOptions<never>>({ redis: true, stream: true, body: true, maxLength: true })

/** Resolves with the id that the server has given the entry. */
type Append = (stream: string, fields: { readonly id: string; readonly event: string }) => Promise<unknown>

/**
 * A handler that appends each event to a stream and waits for the answer of the server. An entry has two fields: `id`, that of
 * the event, by which a consumer tells a repeat, and `event`, its JSON.
 *
 * @example
 * receiver.on('*', { name: 'to-redis', orderBy: (event) => event.email }, forward({ redis, stream: 'mail' }))
 * @throws OptionError
 */
export function forward<E extends AnyEvent>(options: RedisForwardOptions<E>): Forward<E> {
  knownKeys('forward', options, KEYS)
  const { body = (event) => event } = options
  assertFunction('forward: body', options.body)
  const streamOf = textForEach<E>('forward: stream', options.stream)
  const append = appendTo(options)

  async function publish(event: E): Promise<void> {
    const [stream, fields] = [streamOf(event), { id: messageIdOf(event), event: jsonOf(body(event)) }]
    const entry = await confirmedBy(() => append(stream, fields))
    // A transaction says that it has queued the command, and a client in a test whatever it likes.
    if (typeof entry !== 'string' || !/^\d+-\d+$/.test(entry))
      throw new PosthornError('ERR_FORWARD_UNCONFIRMED', 'the server gave the entry no id')
  }
  return forwardTo<E>({ one: publish, many: (events) => publishEach(events, publish) })
}

function appendTo<E>({ redis, maxLength }: RedisForwardOptions<E>): Append {
  const threshold = maxLength === undefined ? null : wholeNumber('forward: maxLength', maxLength, 1, 1)
  if (isNodeRedis(redis)) {
    const trim =
      threshold === null ? [] : ([{ TRIM: { strategy: 'MAXLEN', strategyModifier: '~', threshold } }] as const)
    return (stream, fields) => redis.xAdd(stream, '*', { ...fields }, ...trim)
  }
  assertMethods('forward: redis', redis, ['xadd'], 'a client of ioredis or redis')
  const trim = threshold === null ? [] : ['MAXLEN', '~', String(threshold)]
  return (stream, { id, event }) => redis.xadd(stream, ...trim, '*', 'id', id, 'event', event)
}

function isNodeRedis(redis: IoredisLike | NodeRedisLike): redis is NodeRedisLike {
  return typeof Object(redis).xAdd === 'function'
}
