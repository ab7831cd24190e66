/**
 * Bodies and hashes of a group in one buffer that changes hands: one copy, whatever buffer they are a part of. Large
 * bodies that were given to us change hands themselves, and come back with the answer.
 */
import type { TransferListItem } from 'node:worker_threads'
import type { NewDelivery } from '../../../ports/inbox/intake.ts'
import type { GroupRequest, PackedDelivery } from './protocol.ts'

export const HASH_BYTES = 32

/** A group that has nothing to do. */
export const nothing: Omit<GroupRequest, 'now'> = {
  isSteady: true,
  renew: false,
  releases: [],
  underWay: [],
  progress: [],
  settlements: [],
  condemned: [],
  sendersLeft: [],
  commands: [],
  wishes: false,
  wakes: [],
  accepts: [],
  packed: new Uint8Array(0),
  claims: [],
}

type Meta = Pick<NewDelivery, 'headers' | 'credential' | 'origin' | 'undecoded' | 'traceparent'>

/** A delivery on its way to the thread; `given` as in `Intake.accept`. */
export interface Parcel extends NewDelivery {
  readonly given?: boolean
}

/** Smaller bodies are cheaper copied, many of them in one message. */
const MOVED_FROM = 256 * 1024

export function sizeOf(delivery: NewDelivery): number {
  return HASH_BYTES + delivery.body.byteLength
}

/** All of the memory behind it goes. */
function isMoved({ body, given }: Parcel): boolean {
  return given === true && body.byteLength >= MOVED_FROM
}

/** What changes hands with a group. */
export function buffersOf({ packed, accepts }: Pick<GroupRequest, 'packed' | 'accepts'>): TransferListItem[] {
  const moved = accepts.flatMap(({ body }) => (body === undefined ? [] : [body.buffer as ArrayBuffer]))
  return [packed.buffer as ArrayBuffer, ...moved]
}

export function pack(deliveries: readonly Parcel[]): Pick<GroupRequest, 'accepts' | 'packed'> {
  const size = (parcel: Parcel) => (isMoved(parcel) ? HASH_BYTES : sizeOf(parcel))
  const packed = new Uint8Array(deliveries.reduce((sum, parcel) => sum + size(parcel), 0))
  let at = 0
  const accepts = deliveries.map((parcel) => {
    const moved = isMoved(parcel)
    packed.set(parcel.sha256, at)
    if (!moved) packed.set(parcel.body, at + HASH_BYTES)
    at += size(parcel)
    return moved ? { ...describe(parcel), body: parcel.body } : describe(parcel)
  })
  return { accepts, packed }
}

export function unpackMeta(meta: string): Meta {
  // Rows of earlier versions, and of deliveries whose bytes were taken, say nothing of a trace.
  return { traceparent: null, ...(JSON.parse(meta) as Partial<Meta> & Omit<Meta, 'traceparent'>) }
}

function describe(delivery: NewDelivery): PackedDelivery {
  const { id, source, batchId, isTest, receivedAt, body } = delivery
  const { headers, credential, origin, undecoded, traceparent } = delivery
  const meta = JSON.stringify({ headers, credential, origin, undecoded, traceparent } satisfies Meta)
  return { id, source, batchId, isTest, receivedAt: Math.trunc(receivedAt), credential, meta, size: body.byteLength }
}
