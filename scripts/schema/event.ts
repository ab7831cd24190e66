/** The published JSON Schema of the normalised event: what `JSON.stringify` makes of what a handler gets. */
import { normalisedEvent } from '../../src/zod/normalised-event.ts'
import { type JsonSchema, toRawSchema } from './json-schema.ts'
import { type Definitions, documents, ref, refer, shareFields } from './published.ts'

const EXAMPLE = {
  id: 'k3v7q2m9x4tn8s5c.0',
  run: null,
  provider: 'mailjet',
  name: 'mailjet.unsub',
  type: 'unsubscribed',
  senderEventId: null,
  source: 'news',
  nativeType: 'unsub',
  category: 'list',
  occurredAt: '2026-05-28T20:26:40.000Z',
  occurredAtFrom: 'sender',
  receivedAt: '2026-05-28T20:26:41.250Z',
  lateMs: 1250,
  email: 'jo@shop.example',
  recipient: 'jo@shop.example',
  channel: 'email',
  messageId: '1152921540137429011',
  transmissionId: '7c9e6679-7425-40de-944b-e07fc1f90ae7',
  tags: [],
  metadata: {},
  metadataIssues: null,
  effect: 'unsubscribe',
  delivery: { id: 'k3v7q2m9x4tn8s5c', index: 0, size: 1, batchId: null, senderLeft: false, credential: null },
  isTest: false,
  isReplay: false,
  payload: { event: 'unsub', time: 1780000000, MessageID: '1152921540137429011', email: 'jo@shop.example' },
  userAgent: 'List-Unsubscribe',
  client: { ip: '203.0.113.7', country: 'FR', region: null, city: null },
}

export function publishedEvent(): Array<[path: string, text: string]> {
  const {
    title = '',
    description = '',
    oneOf = [],
  } = toRawSchema(normalisedEvent) as JsonSchema & {
    readonly oneOf?: readonly JsonSchema[]
  }
  const types: Definitions = {}
  for (const schema of oneOf) types[String(schema.properties?.type?.const)] = refer(schema, {})
  const anyOf = Object.keys(types).map(ref)
  return documents('event.json', { title, description, examples: [EXAMPLE], anyOf, $defs: shareFields(types) })
}
