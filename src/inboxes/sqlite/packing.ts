/** Bodies and hashes of a group in one buffer that changes hands: one copy, whatever buffer they are a part of. */
import type { NewDelivery } from '../../core/ports.ts'
import type { GroupRequest, PackedDelivery } from './protocol.ts'

export const HASH_BYTES = 32

type Meta = Pick<NewDelivery, 'headers' | 'credential' | 'isTest' | 'origin' | 'undecoded'>

export function packedSize(delivery: NewDelivery): number {
  return HASH_BYTES + delivery.body.byteLength
}

export function pack(deliveries: readonly NewDelivery[]): Pick<GroupRequest, 'accepts' | 'packed'> {
  const packed = new Uint8Array(deliveries.reduce((sum, delivery) => sum + packedSize(delivery), 0))
  let at = 0
  const accepts = deliveries.map((delivery) => {
    packed.set(delivery.sha256, at)
    packed.set(delivery.body, at + HASH_BYTES)
    at += packedSize(delivery)
    return describe(delivery)
  })
  return { accepts, packed }
}

export function unpackMeta(meta: string): Meta {
  return JSON.parse(meta) as Meta
}

function describe(delivery: NewDelivery): PackedDelivery {
  const { id, source, batchId, receivedAt, body } = delivery
  const { headers, credential, isTest, origin, undecoded } = delivery
  const meta = JSON.stringify({ headers, credential, isTest, origin, undecoded } satisfies Meta)
  return { id, source, batchId, receivedAt: Math.trunc(receivedAt), meta, size: body.byteLength }
}
