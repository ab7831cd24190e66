/** What a source keeps under keys of its own: deliveries whose id is told by the key alone. */
import { codeOf } from '../../lib/code-of.ts'
import { digestBytes } from '../../lib/digest.ts'
import type { NewDelivery } from '../../ports/inbox/intake.ts'
import type { KeptByKey } from '../../ports/responder.ts'
import { deliveryId } from './identity.ts'
import type { ReceiveParts } from './parts.ts'

export function keptByKey(parts: ReceiveParts, source: string): KeptByKey {
  const { inbox, clock, tell } = parts
  return {
    async put(key, body) {
      const delivery: NewDelivery = {
        ...{ id: idOf(source, key), source, batchId: null, sha256: hashOf(body), body, receivedAt: clock.now() },
        ...{ headers: [], credential: null, isTest: false, origin: 'wire', undecoded: null, traceparent: null },
      }
      // The first request starts the receiver; nothing can be kept before that.
      await parts.open()
      const { status } = await inbox.intake.accept(delivery)
      tell('kept', { source, id: delivery.id, bytes: body.byteLength, status })
      return status === 'accepted'
    },
    async get(key) {
      const found = await inbox.records.delivery(idOf(source, key)).catch(none)
      return found === null || found.kept === 'none' ? null : found.body
    },
  }
}

const hashOf = (bytes: Uint8Array | string) => digestBytes(typeof bytes === 'string' ? Buffer.from(bytes) : bytes)

/** The hash stands in the place of that of a body: whoever knows the key finds what was kept. */
const idOf = (source: string, key: string) => deliveryId(source, 'kept', hashOf(key))

/** Bytes that are not those that were kept are as none. */
function none(error: unknown): null {
  if (codeOf(error) === 'ERR_INBOX_CORRUPT') return null
  throw error
}
