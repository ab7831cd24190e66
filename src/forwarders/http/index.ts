/**
 * Events posted to an HTTP endpoint of yours, signed by Standard Webhooks: exported as `posthorn/forwarders/http`.
 */
import { PermanentError, PosthornError, RetryLater } from '../../errors.ts'
import { toBase32 } from '../../lib/base32.ts'
import { codeOf } from '../../lib/code-of.ts'
import { digestBytes } from '../../lib/digest.ts'
import { thrown } from '../../lib/thrown.ts'
import type { BatchFailures } from '../../public/handlers.ts'
import type { AnyEvent } from '../../types.ts'
import { allFailed, type Forward, forwardTo } from '../kit/forward.ts'
import { type BodyOf, jsonOf, messageIdOf } from '../kit/message.ts'
import { type AnswerLike, errorOf } from './answer.ts'
import { type HttpForwardOptions, type HttpSettings, settingsOf } from './options.ts'

export type { Forward } from '../kit/forward.ts'
export type { BodyOf } from '../kit/message.ts'
export type { AnswerLike } from './answer.ts'
export type { FetchLike, HttpForwardOptions } from './options.ts'

/**
 * A handler that posts each event, and with `onBatch` the events of a batch as one list, as JSON. Any 2xx confirms it.
 * `Retry-After` of a 429 or a 503 is waited for; redirects are not followed; `webhook-id` is the id of the event.
 *
 * @example
 * receiver.on('*', { name: 'pipe' }, forward({ url: 'https://app.example/mail', secrets: { env: 'PIPE_SECRET' } }))
 * @throws OptionError
 */
export function forward<E extends AnyEvent>(options: HttpForwardOptions<E>): Forward<E> {
  const settings = settingsOf(options)
  return forwardTo<E>({
    one: (event, signal) => postOne(settings, event, signal),
    many: (events, signal) => postAll(settings, events, signal),
  })
}

async function postOne<E extends AnyEvent>(settings: HttpSettings<E>, event: E, signal: AbortSignal): Promise<void> {
  const { error } = await post(settings, messageIdOf(event), jsonOf(settings.bodyOf(event)), signal)
  if (error !== null) throw error
}

async function postAll<E extends AnyEvent>(
  settings: HttpSettings<E>,
  events: readonly E[],
  signal: AbortSignal,
): Promise<BatchFailures> {
  const { texts, written, failed } = textsOf(settings.bodyOf, events)
  if (written.length === 0) return { failed }
  const { status, error } = await post(settings, batchIdOf(written), `[${texts.join(',')}]`, signal)
  if (error === null) return { failed }
  // A batch that throws is tried again in parts, until the event that is to blame stands alone.
  if (error instanceof RetryLater || mayBeOfContent(status, error)) throw error
  return { failed: [...failed, ...allFailed(written, error).failed] }
}

/** The texts of events; a function of the user that fails keeps none of the others back. */
function textsOf<E extends AnyEvent>(bodyOf: BodyOf<E>, events: readonly E[]) {
  const texts: string[] = []
  const written: E[] = []
  const failed: { readonly id: string; readonly error: unknown }[] = []
  for (const event of events)
    try {
      texts.push(jsonOf(bodyOf(event)))
      written.push(event)
    } catch (error) {
      failed.push({ id: event.id, error: thrown(error) })
    }
  return { texts, written, failed }
}

/** The same for the same events in the same order. */
function batchIdOf(events: readonly AnyEvent[]): string {
  return `b_${toBase32(digestBytes(Buffer.from(events.map(messageIdOf).join('\n'))), 16)}`
}

/** 410 is about the endpoint: no part of the batch will pass. */
function mayBeOfContent(status: number | null, error: Error): boolean {
  return status === 400 || (error instanceof PermanentError && status !== 410)
}

interface Posted {
  /** null: no answer came. */
  readonly status: number | null
  /** null: it is confirmed. */
  readonly error: Error | null
}

async function post<E>(settings: HttpSettings<E>, id: string, body: string, signal: AbortSignal): Promise<Posted> {
  const { url, host, headers, permanent, now, timeoutMs } = settings
  const signed = await settings.sign(id, body)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), timeoutMs)
  try {
    const answer = await settings.fetch(url, {
      method: 'POST',
      headers: { ...headers, ...signed, 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, late.signal]),
    })
    void discard(answer).finally(() => clearTimeout(timer))
    // A body that comes slowly has what is left of the time, so that no connection is held for ever; no process waits for it.
    timer.unref()
    return { status: answer.status, error: errorOf(answer, host, permanent, now()) }
  } catch (error) {
    clearTimeout(timer)
    signal.throwIfAborted()
    const why = late.signal.aborted ? `no answer within ${timeoutMs} ms` : `no answer: ${connectionCodeOf(error)}`
    // Without the cause: errors of a connection may quote what was sent.
    return { status: null, error: new PosthornError('ERR_FORWARD_UNCONFIRMED', `${host}: ${why}`) }
  }
}

/** `fetch failed` says less than what it was caused by. */
function connectionCodeOf(error: unknown): string {
  const { cause } = Object(error) as { cause?: unknown }
  return codeOf(cause ?? error)
}

/** Nothing in it counts, but a connection is used again only when it was read. */
const MOST_BYTES = 65_536

async function discard({ body }: AnswerLike): Promise<void> {
  let bytes = 0
  try {
    for await (const chunk of body ?? []) {
      bytes += (chunk as Uint8Array).length
      if (bytes > MOST_BYTES) break
    }
  } catch {
    // The status has said everything.
  }
}
