/** The last step before the answer: from bytes to a stored delivery, within its deadline. */
import { codeOf } from '../lib/code-of.ts'
import { sha256 } from '../lib/digest.ts'
import { batchIdOf, headersOfRecord } from './body-rules.ts'
import { deliveryId } from './identity.ts'
import type { Accepted, NeutralResponse, NewDelivery } from './ports.ts'
import type { From, Read, ReceiveParts } from './receive-parts.ts'
import { answerStored, refuse } from './refusal.ts'

export async function store(parts: ReceiveParts, from: From, read: Read): Promise<NeutralResponse> {
  const { load } = parts
  const began = performance.now()
  const size = read.bytes.length
  const forget = () => {
    load.bytes -= size
  }
  load.bytes += size
  load.requests++
  let late: Promise<unknown> | null = null
  try {
    const delivery = await toDelivery(parts, from, read)
    const accepting = parts.inbox.accept(delivery, read.own)
    const result = await beforeDeadline(parts, from.port.ackWithinMs ?? parts.limits.acceptMs, accepting)
    if (result === 'storage_slow') late = accepting
    if (typeof result === 'string') return refuse(result)
    count(parts, delivery, size, result, performance.now() - began)
    return await answer(parts, from, delivery.id, result)
  } finally {
    load.requests--
    // Past the deadline the inbox still holds the body: a disk that hangs must not gather what senders repeat.
    if (late === null) forget()
    else late.then(forget, forget)
  }
}

/** Never rejects. A commit that comes after the deadline is not lost: the sender repeats, and the repeat is absorbed. */
function beforeDeadline(
  { deadlines, notices }: ReceiveParts,
  withinMs: number,
  accepting: Promise<Accepted>,
): Promise<Accepted | 'storage_slow' | 'storage_failed'> {
  return new Promise((resolve) => {
    const cancel = deadlines.after(withinMs, () => resolve('storage_slow'))
    const onError = (error: unknown) => {
      cancel()
      notices('accept', 'error', 'a delivery could not be stored and was answered 503', { error: codeOf(error) })
      resolve('storage_failed')
    }
    accepting.then((accepted) => {
      cancel()
      resolve(accepted)
    }, onError)
  })
}

function count(
  { meter }: ReceiveParts,
  { id, source }: NewDelivery,
  bytes: number,
  { status }: Accepted,
  ackMs: number,
): void {
  meter.add(status === 'accepted' ? 'accepted' : 'duplicates')
  meter.acknowledged(ackMs)
  if (status === 'accepted') meter.publish('accepted', { source, id, bytes, ackMs })
  else meter.publish('duplicate', { source, id })
}

/** A repeat of what is not settled is worked on again, never waved through. */
async function answer(parts: ReceiveParts, from: From, id: string, stored: Accepted): Promise<NeutralResponse> {
  const { handled, inbox, meter } = parts
  const onUndelivered = () => {
    meter.add('sendersLeft')
    inbox.noteSenderLeft(stored.seq)
  }
  const done = handled === null || stored.settled || (await handled(stored.seq, from.port, from.request.gone))
  return done ? answerStored(stored.status, id, onUndelivered) : { ...refuse('not_handled'), onUndelivered }
}

function toDelivery(parts: ReceiveParts, from: From, read: Read): NewDelivery | Promise<NewDelivery> {
  const hashed = read.sha256 ?? sha256(read.bytes, parts.breathe)
  return hashed instanceof Promise
    ? hashed.then((hash) => deliveryOf(parts, from, read, hash))
    : deliveryOf(parts, from, read, hashed)
}

function deliveryOf(parts: ReceiveParts, from: From, read: Read, hash: Uint8Array): NewDelivery {
  const { provider } = from.port
  const receivedAt = parts.clock.now()
  const batchId = batchIdOf(from.headers, provider.batchIdHeader)
  const isTest = batchId !== null && provider.testBatchIds.has(batchId)
  if (isTest) parts.notices(`test:${from.source}`, 'info', `a vendor test batch arrived on "${from.source}"`)
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
  }
}
