/** Bodies and hashes of a group in one buffer that changes hands: one copy, whatever buffer they are a part of. */
import type { NewDelivery } from '../../core/ports.ts'
import type { GroupRequest, PackedDelivery } from './protocol.ts'

export const HASH_BYTES = 32

/** A group that has nothing to do. */
export const nothing: Omit<GroupRequest, 'now'> = {
  renew: false,
  releases: [],
  underWay: [],
  settlements: [],
  condemned: [],
  sendersLeft: [],
  commands: [],
  wishes: false,
  accepts: [],
  packed: new Uint8Array(0),
  claims: [],
}

type Meta = Pick<NewDelivery, 'headers' | 'credential' | 'origin' | 'undecoded'>

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
  const { id, source, batchId, isTest, receivedAt, body } = delivery
  const { headers, credential, origin, undecoded } = delivery
  const meta = JSON.stringify({ headers, credential, origin, undecoded } satisfies Meta)
  return { id, source, batchId, isTest, receivedAt: Math.trunc(receivedAt), meta, size: body.byteLength }
}
