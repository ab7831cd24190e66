/** The last step before the answer: from bytes to a stored delivery, within its deadline. */
import { codeOf } from '../../lib/code-of.ts'
import { sha256 } from '../../lib/digest.ts'
import type { NeutralResponse } from '../../ports/host.ts'
import type { Accepted, NewDelivery } from '../../ports/inbox/intake.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { answerStored, refuse } from './answers.ts'
import { batchIdOf, headersOfRecord } from './body-rules.ts'
import { deliveryId } from './identity.ts'
import type { From, Read, ReceiveParts } from './parts.ts'
import { WaitingSender } from './waiting-sender.ts'

export async function store(parts: ReceiveParts, from: From, read: Read): Promise<NeutralResponse> {
  const { load } = parts
  const began = performance.now()
  const size = read.bytes.length
  load.bytes += size
  load.requests++
  let late: Promise<unknown> | null = null
  try {
    const hashed = read.sha256 ?? sha256(read.bytes, parts.breathe)
    const delivery = deliveryOf(parts, from, read, hashed instanceof Promise ? await hashed : hashed)
    const sender = new WaitingSender(parts, from, delivery.id)
    const accepting = parts.inbox.accept(delivery, read.own)
    const result = await beforeDeadline(parts, from.port.ackWithinMs ?? parts.limits.acceptMs, accepting, sender)
    if (result === 'storage_slow') late = accepting
    if (typeof result === 'string') return { ...refuse(result), onUndelivered: () => sender.leave() }
    count(parts, delivery, size, result, performance.now() - began)
    const answered = answer(parts, from.port, sender, delivery.id, result)
    return answered instanceof Promise ? await answered : answered
  } finally {
    load.requests--
    if (late === null) load.bytes -= size
    else whenSettled(late, () => (load.bytes -= size))
  }
}

/** Past the deadline the inbox still holds the body: a disk that hangs must not gather what senders repeat. */
function whenSettled(late: Promise<unknown>, forget: () => void): void {
  late.then(forget, forget)
}

/** Never rejects. A commit that comes after the deadline is not lost: the sender repeats, and the repeat is absorbed. */
function beforeDeadline(
  { deadlines, notices }: ReceiveParts,
  withinMs: number,
  accepting: Promise<Accepted>,
  sender: WaitingSender,
): Promise<Accepted | 'storage_slow' | 'storage_failed'> {
  return new Promise((resolve) => {
    const cancel = deadlines.after(withinMs, () => resolve('storage_slow'))
    const onError = (error: unknown) => {
      cancel()
      notices('accept', 'error', 'a delivery could not be stored and was answered 503', { error: codeOf(error) })
      resolve('storage_failed')
    }
    accepting.then((accepted) => {
      sender.committed(accepted.seq)
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
function answer(
  { handled }: ReceiveParts,
  port: SourcePort,
  sender: WaitingSender,
  id: string,
  { status, settled, seq }: Accepted,
): NeutralResponse | Promise<NeutralResponse> {
  const onUndelivered = () => sender.leave()
  if (handled === null || settled) return answerStored(status, id, onUndelivered)
  return handled(seq, port, sender.gone).then((done) =>
    done ? answerStored(status, id, onUndelivered) : { ...refuse('not_handled'), onUndelivered },
  )
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
