/** The last step before the answer: from bytes to a stored delivery, within its deadline. */
import { sha256 } from '../lib/body.ts'
import { codeOf } from '../lib/code-of.ts'
import { batchIdOf, headersOfRecord } from './body-rules.ts'
import { deliveryId } from './identity.ts'
import type { Accepted, NeutralResponse, NewDelivery } from './ports.ts'
import type { From, Read, ReceiveParts } from './receive-parts.ts'
import { answerOk, refuse } from './refusal.ts'

export async function store(parts: ReceiveParts, from: From, read: Read): Promise<NeutralResponse> {
  const { load } = parts
  const began = performance.now()
  load.bytes += read.bytes.length
  load.requests++
  let accepted: Promise<unknown> = Promise.resolve()
  try {
    const delivery = await toDelivery(parts, from, read)
    const accepting = accept(parts, delivery)
    accepted = accepting
    const result = await beforeDeadline(parts, from.port.ackWithinMs ?? parts.limits.acceptMs, accepting)
    if (typeof result === 'string') return refuse(result)
    count(parts, delivery, result, performance.now() - began)
    return await answer(parts, from, delivery.id, result)
  } finally {
    load.requests--
    // Past the deadline the inbox still holds the body: a disk that hangs must not gather what senders repeat.
    void accepted.then(() => {
      load.bytes -= read.bytes.length
    })
  }
}

/** Never rejects. */
function accept({ inbox, notices }: ReceiveParts, delivery: NewDelivery): Promise<Accepted | 'storage_failed'> {
  return inbox.accept(delivery).catch((error: unknown) => {
    const facts = { error: codeOf(error) }
    notices('accept', 'error', 'a delivery could not be stored and was answered 503', facts)
    return 'storage_failed' as const
  })
}

/** A commit that comes after the deadline is not lost: the sender repeats, and the repeat is absorbed. */
async function beforeDeadline<T>(
  parts: ReceiveParts,
  withinMs: number,
  accepted: Promise<T>,
): Promise<T | 'storage_slow'> {
  let cancel = () => {}
  const late = new Promise<'storage_slow'>((resolve) => {
    cancel = parts.clock.after(withinMs, () => resolve('storage_slow'))
  })
  const result = await Promise.race([accepted, late])
  cancel()
  return result
}

function count({ meter }: ReceiveParts, { id, source, body }: NewDelivery, { status }: Accepted, ackMs: number): void {
  meter.add(status === 'accepted' ? 'accepted' : 'duplicates')
  meter.acknowledged(ackMs)
  if (status === 'accepted') meter.publish('accepted', { source, id, bytes: body.length, ackMs })
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
  return done
    ? answerOk({ status: stored.status, id }, false, onUndelivered)
    : { ...refuse('not_handled'), onUndelivered }
}

async function toDelivery(parts: ReceiveParts, from: From, read: Read): Promise<NewDelivery> {
  const { provider } = from.port
  const hash = await sha256(read.bytes, parts.breathe)
  const receivedAt = parts.clock.now()
  const batchId = batchIdOf(from.request.rawHeaders, provider.batchIdHeader)
  const isTest = batchId !== null && provider.testBatchIds.has(batchId)
  if (isTest) parts.notices(`test:${from.source}`, 'info', `a vendor test batch arrived on "${from.source}"`)
  return {
    id: deliveryId(from.source, isTest ? receivedAt : batchId, hash),
    source: from.source,
    batchId,
    sha256: hash,
    body: read.bytes,
    receivedAt,
    headers: headersOfRecord(from.request.rawHeaders, provider.batchIdHeader),
    credential: from.credential,
    isTest,
    origin: 'wire',
    undecoded: read.undecoded,
  }
}
