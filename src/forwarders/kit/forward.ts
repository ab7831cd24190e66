/** The one function that a forwarder gives: a handler of `on`, and of `onBatch`. */
import { PosthornError } from '../../errors.ts'
import { thrown } from '../../lib/thrown.ts'
import type { BatchFailures, HandlerContext } from '../../public/handlers.ts'
import type { AnyEvent } from '../../types.ts'

/**
 * Hands an event, or the events of a batch, to what takes them, and resolves when all of them are confirmed. It rejects
 * with an event that was not; of a batch it says which were not. Both are left to the inbox: it tries again, and after the
 * last attempt keeps a dead letter.
 */
export type Forward<E extends AnyEvent> = (
  given: E | readonly E[],
  context: Pick<HandlerContext, 'signal'>,
) => Promise<BatchFailures | undefined>

export interface Publisher<E> {
  /** Resolves when it is confirmed. */
  one(event: E, signal: AbortSignal): Promise<unknown>
  /** Of one event or more; resolves with those that were not confirmed. */
  many(events: readonly E[], signal: AbortSignal): Promise<BatchFailures>
}

/** With the signal of its context it gives up, and rejects with the signal's reason. */
export function forwardTo<E extends AnyEvent>({ one, many }: Publisher<E>): Forward<E> {
  return async function forward(given, { signal }) {
    signal.throwIfAborted()
    if (isList(given)) return unlessAborted(many(given, signal), signal)
    await unlessAborted(one(given, signal), signal)
    return undefined
  }
}

/** Publishes all at once, begun in their order: one confirmation each, and one that fails keeps none of the others. */
export async function publishEach<E extends AnyEvent>(
  events: readonly E[],
  publish: (event: E) => Promise<unknown>,
): Promise<BatchFailures> {
  const ends = await Promise.all(events.map((event) => failureOf(publish, event)))
  return { failed: ends.filter((end) => end !== null) }
}

/** All of them have failed, and of none can be said that it is to blame: no other part is to be tried. */
export function allFailed(events: readonly AnyEvent[], error: unknown): BatchFailures {
  return { failed: events.map(({ id }) => ({ id, error })) }
}

/**
 * What the client answers; what it throws becomes an error with a code. Its own error is not kept: some hold the command, with
 * the event in it.
 * @throws PosthornError ERR_FORWARD_UNCONFIRMED
 */
export async function confirmedBy<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    if (error instanceof PosthornError) throw error
    throw new PosthornError('ERR_FORWARD_UNCONFIRMED', `no confirmation: ${said(error)}`)
  }
}

/** `TimeoutError: timeout`. */
export function said(error: unknown): string {
  const { name = typeof error, message = '' } = Object(thrown(error)) as {
    readonly name?: unknown
    readonly message?: unknown
  }
  return name === 'Error' ? `${message}` : `${name}: ${message}`
}

async function failureOf<E extends AnyEvent>(publish: (event: E) => Promise<unknown>, event: E) {
  try {
    await publish(event)
    return null
  } catch (error) {
    return { id: event.id, error: thrown(error) }
  }
}

/** A client may wait for its server for hours; nobody waits for it then. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', giveUp))
}

function isList<E>(given: E | readonly E[]): given is readonly E[] {
  return Array.isArray(given)
}
