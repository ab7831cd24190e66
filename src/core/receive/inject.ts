/** Bodies that come in by another way than HTTP: a backfill, a test. Same store, same dedupe, same handlers. */
import { createHash } from 'node:crypto'
import { OptionError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { deliveryId } from './identity.ts'

export interface InjectOptions {
  readonly origin?: 'backfill' | 'test'
}

interface InjectParts {
  readonly inbox: InboxPort
  readonly sources: ReadonlyMap<string, SourcePort>
  readonly clock: Clock
}

/** Events given as objects are written as JSON: a number beyond 2^53 has lost its digits before it comes here. */
export async function inject(
  { inbox, sources, clock }: InjectParts,
  source: string,
  body: Uint8Array | string | readonly object[],
  { origin = 'backfill' }: InjectOptions,
): Promise<{ id: string; status: 'accepted' | 'duplicate' }> {
  if (!sources.has(source)) throw new OptionError(`there is no source ${JSON.stringify(source)}`)
  if (origin !== 'backfill' && origin !== 'test') throw new OptionError('origin must be backfill or test')
  const bytes = bytesOf(body)
  const sha256 = createHash('sha256').update(bytes).digest()
  const id = deliveryId(source, null, sha256)
  const isTest = origin === 'test'
  const receivedAt = clock.now()
  const accepted = await inbox.accept({
    ...{ id, source, batchId: null, sha256, body: bytes, receivedAt, headers: [], credential: null },
    ...{ isTest, origin, undecoded: null },
  })
  return { id, status: accepted.status }
}

function bytesOf(body: Uint8Array | string | readonly object[]): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (typeof body === 'object' && body !== null) return Buffer.from(JSON.stringify(body))
  throw new OptionError(`inject: the body must be bytes, text or a list of events, got ${typeof body}`)
}
