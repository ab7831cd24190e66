/**
 * A sender of our own for tests of the core: `{ "type": "ping" | "pong", "to"?, "test"?, "bad"?, "id"?, "mark"?, "at"? }`.
 * `id` is its event id, `mark` what its events are told by without one, `at` when they happened, in ms.
 */
import { unauthenticated } from '../../src/auth/index.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Auth } from '../../src/ports/auth.ts'
import type { Provider, Source } from '../../src/ports/provider.ts'
import type { TypedEvent } from '../../src/types.ts'

export type ToyEvent =
  | TypedEvent<'toy', 'toy.ping', 'opened', { readonly n?: number }>
  | TypedEvent<'toy', 'toy.pong', 'complained', { readonly n?: number }>
  | TypedEvent<'toy', 'toy.unknown', 'unknown', object>

const TYPES = new Map<unknown, 'opened' | 'complained'>([
  ['ping', 'opened'],
  ['pong', 'complained'],
])

interface Wire {
  type?: unknown
  to?: string
  test?: boolean
  bad?: unknown
  crash?: unknown
  id?: string
  mark?: string
  at?: number
}

export const toyProvider: Provider = {
  name: 'toy',
  probes: ['[]', '[{"toy":{}}]'],
  answersGet: false,
  batchIdHeader: 'x-toy-batch',
  testBatchIds: new Set(['test-batch']),
  catalogue: new Map([
    ['toy.ping', ['opened']],
    ['toy.pong', ['complained']],
    ['toy.unknown', ['unknown']],
  ]),
  read(element) {
    if (typeof element !== 'object' || element === null) return { unreadable: 'not an object', path: null }
    const wire = element as Wire
    if (wire.crash !== undefined) throw new Error('a fault of the provider')
    if (wire.bad !== undefined) return { unreadable: 'expected nothing', path: '/bad' }
    const type = TYPES.get(wire.type)
    return {
      name: type === undefined ? 'toy.unknown' : `toy.${wire.type}`,
      nativeType: String(wire.type),
      type: type ?? 'unknown',
      category: 'other',
      payload: wire,
      senderEventId: wire.id ?? null,
      occurredAt: wire.at ?? null,
      occurredAtFrom: 'sender',
      recipient: wire.to ?? null,
      channel: 'email',
      messageId: null,
      transmissionId: null,
      tags: [],
      metadata: {},
      effect: type === 'complained' ? 'suppress' : 'none',
      isTest: wire.test === true,
      details: null,
    }
  },
  fingerprints({ payload }) {
    const { mark } = payload as Wire
    return mark === undefined ? [] : [mark]
  },
}

export function toy(
  options: { auth?: Auth; answersGet?: boolean; bodyBytes?: number; dedupeWindowMs?: number } = {},
): Source<ToyEvent> {
  const { auth = unauthenticated(), answersGet = false, bodyBytes = null, dedupeWindowMs = null } = options
  return { provider: 'toy', [port]: { provider: { ...toyProvider, answersGet }, auth, bodyBytes, dedupeWindowMs } }
}
