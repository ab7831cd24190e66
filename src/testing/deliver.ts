import { PosthornError } from '../errors.ts'
import { callKey } from '../lib/call-key.ts'
import { hostDoor, testDoor } from '../lib/symbols.ts'
import type { NeutralRequest } from '../ports/host.ts'
import type { Claim, Settlement } from '../ports/inbox/claims.ts'
import type { Receiver } from '../public/receiver.ts'
import type { AnyEvent } from '../types.ts'
import { assertReceiver, type DeliveryOptions, type Post, postOf, type TestBody } from './request.ts'

export interface Delivered {
  readonly status: number
  readonly body: {
    readonly status: 'accepted' | 'duplicate' | 'probe'
    /** The delivery; absent for a probe, which is not stored. */
    readonly id?: string
  }
  /** Events that this call brought to an end: handled, unhandled, quarantined or dead. The others wait for a retry. */
  readonly settled: number
  /** Dead letters that this call made: one for each event and handler. */
  readonly deadLetters: number
  /** Calls that failed until it was over, in their order: `error` is what the handler threw. */
  readonly failures: readonly Failure[]
}

export interface Failure {
  readonly handler: string
  readonly event: AnyEvent
  readonly error: unknown
}

/**
 * Posts one delivery to a source, with valid credentials and through the receive half, and resolves when the process half
 * has nothing left to do now: with an inbox in memory, or a real one. Starts the receiver if it is not started. A batch goes to its
 * handler as soon as the delivery is read: it does not wait for `maxWaitMs`.
 *
 * An event is an element as it stands on the wire, an `event.payload`, or an event of `sampleEvent`. Identifiers that
 * are text of digits are written as numbers where the sender writes numbers. Text, or bytes, are a whole body and go as
 * they are: one that a sender has posted, or a broken one. The same body again is a duplicate.
 * @example const { settled, deadLetters } = await deliver(receiver, 'shop', [sampleEvent('momentum.bounce')])
 * @throws OptionError for an unknown source, or a body of a wrong type
 * @throws PosthornError ERR_DELIVERY_REFUSED when the answer is not 200; what `start` throws
 */
export async function deliver<E extends AnyEvent, K extends string>(
  receiver: Receiver<E, K>,
  source: NoInfer<K>,
  body: TestBody,
  options: DeliveryOptions = {},
): Promise<Delivered> {
  assertReceiver('deliver', receiver)
  await receiver.start()
  const post = await postOf(receiver, source, body, options)
  const tally = new Tally()
  const failures: Failure[] = []
  const door = receiver[testDoor]
  const stops = [
    door.watch((claim, settlement) => tally.add(claim, settlement)),
    door.watchFailures((failure) => void failures.push(failure)),
    door.hurry(),
  ]
  try {
    const answer = await receiver[hostDoor].receive(toNeutral(post))
    if (answer.status !== 200)
      throw new PosthornError(
        'ERR_DELIVERY_REFUSED',
        `the delivery to "${source}" was answered ${answer.status} ${answer.code}`,
      )
    const body: Delivered['body'] = JSON.parse(answer.body)
    await receiver.whenIdle()
    return {
      status: answer.status,
      body,
      ...tally.of(body.id),
      failures: failures.filter(({ event }) => event.delivery.id === body.id),
    }
  } finally {
    for (const stop of stops) stop()
  }
}

/**
 * A fetch request with one delivery to a source, with valid credentials: for `receiver.handle`, or for the app around
 * it. `body` is as for `deliver`. Its address is `http://localhost/webhooks/<source>`, with the secret before the name where it stands
 * in the path.
 * @example const response = await receiver.handle(await deliveryRequest(receiver, 'shop', [sampleEvent('momentum.bounce')]))
 * @throws OptionError for an unknown source; ERR_SECRET_MISSING, ERR_SECRET_INVALID
 */
export async function deliveryRequest<E extends AnyEvent, K extends string>(
  receiver: Receiver<E, K>,
  source: NoInfer<K>,
  body: TestBody,
  options: DeliveryOptions = {},
): Promise<Request> {
  assertReceiver('deliveryRequest', receiver)
  const post = await postOf(receiver, source, body, options)
  const { rawHeaders, path, search } = post
  const headers = new Headers()
  for (let at = 0; at < rawHeaders.length; at += 2)
    headers.append(rawHeaders[at] as string, rawHeaders[at + 1] as string)
  return new Request(`http://localhost/webhooks/${path}${search}`, {
    method: 'POST',
    headers,
    body: Buffer.from(post.body),
  })
}

function toNeutral({ body, rawHeaders, path, search }: Post): NeutralRequest {
  return { method: 'POST', target: `/${path}${search}`, rawHeaders, body: Buffer.from(body), whenLeft: () => {} }
}

/** Adds up what became of each delivery. */
class Tally {
  readonly #deliveries = new Map<string, { seen: Set<number>; waiting: Set<string>; deadLetters: number }>()

  add({ delivery, rows }: Claim, settlement: Settlement): void {
    const known = this.#deliveries.get(delivery.id) ?? { seen: new Set(), waiting: new Set(), deadLetters: 0 }
    this.#deliveries.set(delivery.id, known)
    for (const row of rows ?? [{ first: 0, last: (settlement.events ?? 0) - 1, handler: '' }])
      for (let index = row.first; index <= row.last; index++) {
        known.seen.add(index)
        known.waiting.delete(callKey(index, row.handler))
      }
    for (const { first, last, handler } of settlement.rows)
      for (let index = first; index <= last; index++) known.waiting.add(callKey(index, handler))
    known.deadLetters += settlement.dead.length
  }

  of(id: string | undefined): Pick<Delivered, 'settled' | 'deadLetters'> {
    const known = id === undefined ? undefined : this.#deliveries.get(id)
    if (known === undefined) return { settled: 0, deadLetters: 0 }
    const unsettled = new Set([...known.waiting].map((key) => key.split(' ', 1)[0]))
    return { settled: known.seen.size - unsettled.size, deadLetters: known.deadLetters }
  }
}
