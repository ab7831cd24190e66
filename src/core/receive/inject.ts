/** Bodies that come in by another way than HTTP: a backfill, a test. Same store, same dedupe, same handlers. */
import { OptionError } from '../../errors.ts'
import { digestBytes } from '../../lib/digest.ts'
import { didYouMean } from '../../lib/nearest.ts'
import { keysOf, kindOf, knownKeys, oneOf, shown } from '../../lib/options.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { SourcePort } from '../../ports/provider.ts'
import { deliveryId } from './identity.ts'

export interface InjectOptions {
  readonly origin?: 'backfill' | 'test'
}

interface InjectParts {
  readonly inbox: Pick<InboxPort, 'intake'>
  readonly clock: Clock
}

/** @throws OptionError */
export function checkInject(
  source: unknown,
  body: unknown,
  options: InjectOptions,
  ports: ReadonlyMap<string, SourcePort>,
): void {
  const sources = [...ports.keys()]
  if (typeof source !== 'string' || !sources.includes(source))
    throw new OptionError(
      `inject: there is no source ${shown(source)}${(typeof source === 'string' && didYouMean(source, sources)) || `; there are ${sources.join(', ')}`}`,
    )
  if (ports.get(source)?.responder !== undefined)
    throw new OptionError(`inject: source "${source}" answers its requests by itself: put them to receiver.handle()`)
  if (typeof body !== 'string' && !(body instanceof Uint8Array) && !isList(body))
    throw new OptionError(`inject: the body must be bytes, text or a list of events, got ${kindOf(body)}`)
  knownKeys('inject: the options', options, KEYS)
  oneOf('inject: origin', options.origin, 'backfill', ['backfill', 'test'])
}

const KEYS = keysOf<InjectOptions>({ origin: true })

function isList(body: unknown): boolean {
  return Array.isArray(body) && body.every((event) => typeof event === 'object' && event !== null)
}

/** Events given as objects are written as JSON: a number beyond 2^53 has lost its digits before it comes here. */
export async function inject(
  { inbox, clock }: InjectParts,
  source: string,
  body: Uint8Array | string | readonly object[],
  { origin = 'backfill' }: InjectOptions,
): Promise<{ id: string; status: 'accepted' | 'duplicate'; bytes: number }> {
  const bytes = bytesOf(body)
  const sha256 = digestBytes(bytes)
  const id = deliveryId(source, null, sha256)
  const isTest = origin === 'test'
  const receivedAt = clock.now()
  const accepted = await inbox.intake.accept({
    ...{ id, source, batchId: null, sha256, body: bytes, receivedAt, headers: [], credential: null },
    ...{ isTest, origin, undecoded: null, traceparent: null },
  })
  return { id, status: accepted.status, bytes: bytes.byteLength }
}

function bytesOf(body: Uint8Array | string | readonly object[]): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body)
  try {
    return Buffer.from(JSON.stringify(body))
  } catch {
    throw new OptionError('inject: the events cannot be written as JSON: a circle, or a bigint, in them')
  }
}
