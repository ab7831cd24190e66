/** The last step before the answer: from bytes to a stored delivery, within its deadline. */
import { sha256 } from '../../lib/digest.ts'
import type { NeutralResponse } from '../../ports/host.ts'
import type { Accepted, NewDelivery } from '../../ports/inbox/intake.ts'
import type { StoreEnd } from '../../ports/instrument.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { answerStored, refuse } from './answers.ts'
import { batchIdOf, headersOfRecord } from './body-rules.ts'
import { deliveryId } from './identity.ts'
import type { From, ReceiveParts, TakenBody } from './parts.ts'
import { WaitingSender } from './waiting-sender.ts'

export async function store(parts: ReceiveParts, from: From, read: TakenBody): Promise<NeutralResponse> {
  const { load } = parts
  const began = performance.now()
  const size = read.bytes.length
  load.enter(size)
  let late: Promise<unknown> | null = null
  try {
    const hashed = read.sha256 ?? sha256(read.bytes, parts.breathe)
    const delivery = deliveryOf(parts, from, read, hashed instanceof Promise ? await hashed : hashed)
    const sender = new WaitingSender(parts, from, delivery.id)
    const result = await commit(parts, from, delivery, read.own, sender)
    if (!isKnown(result)) {
      late = result.late
      return { ...refuse(result.code), onUndelivered: (hostAnswered) => sender.leave(hostAnswered) }
    }
    const ackMs = performance.now() - began
    parts.tell('stored', { source: from.source, id: delivery.id, bytes: size, status: result.status, ackMs })
    const answered = answer(parts, from.port, sender, delivery.id, result)
    return answered instanceof Promise ? await answered : answered
  } finally {
    load.leave()
    if (late === null) load.free(size)
    else whenSettled(late, () => load.free(size))
  }
}

/** Past the deadline the inbox still holds the body: a disk that hangs must not gather what senders repeat. */
function whenSettled(late: Promise<unknown>, forget: () => void): void {
  late.then(forget, forget)
}

/** Why nothing is known to be stored. */
interface NotStored {
  readonly code: 'storage_slow' | 'storage_failed'
  /** The inbox still works on it; null: it does not. */
  readonly late: Promise<unknown> | null
}

/** By what is its own: others may have written to Object.prototype. */
const isKnown = (result: Accepted | NotStored): result is Accepted => Object.hasOwn(result, 'seq')

function commit(
  parts: ReceiveParts,
  from: From,
  delivery: NewDelivery,
  own: boolean,
  sender: WaitingSender,
): Promise<Accepted | NotStored> {
  const { wrapStore, inbox } = parts
  if (wrapStore === null) return beforeDeadline(parts, from, inbox.intake.accept(delivery, { given: own }), sender)
  const { source, id: deliveryId, body } = delivery
  const accept = (traceparent?: string) => {
    const traced = isTraceparent(traceparent) ? { ...delivery, traceparent } : delivery
    return beforeDeadline(parts, from, inbox.intake.accept(traced, { given: own }), sender)
  }
  return wrapStore({ source, deliveryId, bytes: body.length }, accept, endOf)
}

/** As W3C Trace Context, level 1, writes it in its version 00. */
function isTraceparent(text: unknown): text is string {
  return typeof text === 'string' && /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(text)
}

function endOf(result: Accepted | NotStored): StoreEnd {
  return isKnown(result) ? { status: result.status, code: null } : { status: 'refused', code: result.code }
}

/** Never rejects. A commit that comes after the deadline is not lost: the sender repeats, and the repeat is absorbed. */
function beforeDeadline(
  { deadlines, tell, limits }: ReceiveParts,
  { source, port }: From,
  accepting: Promise<Accepted>,
  sender: WaitingSender,
): Promise<Accepted | NotStored> {
  return new Promise((resolve) => {
    const late = () => resolve({ code: 'storage_slow', late: accepting })
    const cancel = deadlines.after(port.ackWithinMs ?? limits.acceptMs, late)
    const onError = (error: unknown) => {
      cancel()
      tell('notStored', { source, error })
      resolve({ code: 'storage_failed', late: null })
    }
    accepting.then((accepted) => {
      sender.committed(accepted.seq)
      cancel()
      resolve(accepted)
    }, onError)
  })
}

/** A repeat of what is not settled is worked on again, never waved through. */
function answer(
  { handled }: ReceiveParts,
  port: SourcePort,
  sender: WaitingSender,
  id: string,
  { status, isDone, seq }: Accepted,
): NeutralResponse | Promise<NeutralResponse> {
  const onUndelivered = (hostAnswered: boolean) => sender.leave(hostAnswered)
  if (handled === null || isDone) return answerStored(status, id, onUndelivered)
  return handled(seq, port, sender.gone).then((done) =>
    done ? answerStored(status, id, onUndelivered) : { ...refuse('not_handled'), onUndelivered },
  )
}

function deliveryOf(parts: ReceiveParts, from: From, read: TakenBody, hash: Uint8Array): NewDelivery {
  const { provider } = from.port
  const receivedAt = parts.clock.now()
  const batchId = batchIdOf(from.headers, provider.batchIdHeader)
  const isTest = batchId !== null && provider.testBatchIds.has(batchId)
  if (isTest) parts.tell('testBatch', { source: from.source })
  return {
    id: deliveryId(from.source, isTest ? receivedAt : batchId, hash),
    source: from.source,
    batchId,
    sha256: hash,
    body: read.bytes,
    receivedAt,
    headers: headersOfRecord(from.headers, provider.batchIdHeader),
    credential: from.credential,
    isTest,
    origin: 'wire',
    undecoded: read.undecoded,
    traceparent: null,
  }
}
