/** Events published to NATS JetStream: exported as `posthorn/forwarders/nats`. */
import { PosthornError } from '../../errors.ts'
import { assertFunction, keysOf, knownKeys, LONGEST_TIMER_MS, wholeNumber } from '../../lib/options.ts'
import type { AnyEvent } from '../../types.ts'
import { confirmedBy, type Forward, forwardTo, publishEach } from '../kit/forward.ts'
import { type BodyOf, jsonOf, messageIdOf } from '../kit/message.ts'
import { assertMethods, type ForEach, type TextRule, textForEach } from '../kit/options.ts'

export type { Forward } from '../kit/forward.ts'
export type { BodyOf } from '../kit/message.ts'
export type { ForEach } from '../kit/options.ts'

/** What `jetstream(connection)` of `@nats-io/jetstream` gives; that of the older package `nats` has the same shape. */
export interface JetStreamLike {
  publish(
    subject: string,
    payload: string,
    options: { msgID: string; timeout: number; expect?: { streamName: string } },
  ): Promise<{ readonly stream: string; readonly duplicate?: boolean }>
}

export interface NatsForwardOptions<E> {
  /** A client of JetStream: a publish of the connection itself is not confirmed. */
  readonly jetstream: JetStreamLike
  /** `mail.bounced`: of a subject that no stream listens to nothing is confirmed. At most 3_900 bytes, without white space. */
  readonly subject: ForEach<E, string>
  /** The stream that must take it. Default: whichever listens to the subject. */
  readonly stream?: string
  /** What is published of an event, as JSON. Default: the event. */
  readonly body?: BodyOf<E>
  /** How long a confirmation may take, in ms. Default 5_000. */
  readonly timeoutMs?: number
}

const KEYS = keysOf<NatsForwardOptions<never>>({
  jetstream: true,
  subject: true,
  stream: true,
  body: true,
  timeoutMs: true,
})

const DEFAULT_TIMEOUT_MS = 5_000
/**
 * The server closes the connection, with all that waits on it, for a line of more than 4 096 bytes (`max_control_line`): the
 * subject, the inbox of the answer, two numbers (nats-server 2.9, Nov 2026).
 */
const SUBJECT: TextRule = { mostBytes: 3_900, mayHaveSpaces: false }

/**
 * A handler that publishes each event and waits for the confirmation of its stream. `Nats-Msg-Id` is the id of the event, so
 * that the stream drops a repeat within its `duplicate_window`.
 *
 * @example
 * receiver.onBatch(
 *   '*',
 *   { name: 'to-nats', size: 500 },
 *   forward({ jetstream: jetstream(connection), subject: (event) => `mail.${event.type}` }),
 * )
 * @throws OptionError
 */
export function forward<E extends AnyEvent>(options: NatsForwardOptions<E>): Forward<E> {
  const publish = publisherOf(options)
  return forwardTo<E>({ one: publish, many: (events) => publishEach(events, publish) })
}

function publisherOf<E extends AnyEvent>(options: NatsForwardOptions<E>): (event: E) => Promise<void> {
  knownKeys('forward', options, KEYS)
  const { jetstream, stream, body = (event) => event } = options
  assertMethods('forward: jetstream', jetstream, ['publish'], 'what jetstream(connection) gives')
  assertFunction('forward: body', options.body)
  const subjectOf = textForEach<E>('forward: subject', options.subject, SUBJECT)
  const timeout = wholeNumber('forward: timeoutMs', options.timeoutMs, DEFAULT_TIMEOUT_MS, 1, LONGEST_TIMER_MS)
  const expect = stream === undefined ? {} : { expect: { streamName: textForEach('forward: stream', stream)(null) } }

  return async function publish(event) {
    const given = { msgID: messageIdOf(event), timeout, ...expect }
    const [subject, text] = [subjectOf(event), jsonOf(body(event))]
    const confirmed = await confirmedBy(() => publishTo(jetstream, subject, text, given))
    // Whoever passes a connection in its place is told so here: its publish confirms nothing.
    if (typeof confirmed?.stream !== 'string')
      throw new PosthornError('ERR_FORWARD_UNCONFIRMED', 'no stream confirmed: jetstream must be a client of JetStream')
  }
}

/** Both clients say that JetStream is not there where no stream listens to the subject: nobody has answered. */
async function publishTo(jetstream: JetStreamLike, ...given: Parameters<JetStreamLike['publish']>) {
  try {
    return await jetstream.publish(...given)
  } catch (error) {
    const { name, code } = Object(error) as { readonly name?: unknown; readonly code?: unknown }
    if (name !== 'JetStreamNotEnabled' && code !== '503') throw error
    throw new PosthornError('ERR_FORWARD_REFUSED', 'no stream listens to the subject, or the server has no JetStream')
  }
}
