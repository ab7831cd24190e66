/** What the documents are made from: the schemas, the catalogues, and the code that reads. */
import { unauthenticated } from '../../src/auth/index.ts'
import { parseElement } from '../../src/json/slices.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Reading, Unreadable } from '../../src/ports/provider.ts'
import type { Catalogue } from '../../src/providers/kit/catalogue.ts'
import * as list from '../../src/providers/list.ts'
import { UNDOCUMENTED } from '../../src/providers/momentum/events-sets.ts'
import { rules } from '../../src/zod/tolerant/rules.ts'
import { annotatedSchemas, type JsonSchema, toAnnotatedSchema } from '../schema/json-schema.ts'
import { PUBLISHED_SENDERS } from '../schema/senders.ts'

export interface Sender {
  readonly title: string
  readonly provider: string
  readonly catalogue: Catalogue
  /** What comes by a source of its own and is described in the same tables. */
  readonly alone?: Pick<Sender, 'catalogue' | 'schemas'>
  /** What else comes from it, by a source of its own, in sentences. */
  readonly besides: string
  /** The smallest element that is the event of a wire key. */
  bare(key: string): object
  /** By wire key, with the annotations of the generator. */
  readonly schemas: ReadonlyMap<string, JsonSchema>
  /** Fields that are not in the sender's own documents, by wire key. */
  readonly undocumented: Readonly<Record<string, readonly string[]>>
  /** Reads one element from its JSON text, as it is read from a body. */
  read(text: string): Reading | Unreadable
}

/** What else comes from a sender, by a source of its own. */
const BESIDES: Readonly<Record<string, string>> = {
  momentum:
    'Mails that come in by a relay webhook are `momentum.relay_message`; `momentumRelay` is a source for them alone, with ' +
    'limits for large mails: [inbound-mail.md](inbound-mail.md).',
  mailjet:
    'Mails that come in by the Parse API are `mailjet.parse`, of the type `inbound`, from a source made by `mailjetParse`: ' +
    '[inbound-mail.md](inbound-mail.md).',
  esputnik:
    'The Webhook block of a workflow waits for an answer, which a source made by `esputnikWorkflow` gives; what was asked and ' +
    'answered is kept as `esputnik.workflow_call` and `esputnik.workflow_once`: ' +
    '[esputnik-workflow.md](esputnik-workflow.md).',
}

const ALONE: Readonly<Record<string, Catalogue>> = {
  mailjet: { 'mailjet.parse': { schema: 'parse', types: ['inbound'], payload: 'MailjetParse' } },
}

export const SENDERS: readonly Sender[] = PUBLISHED_SENDERS.map((published) => {
  const { title, provider, catalogue, word, element, levels } = published
  const alone = Object.entries(levels(rules).alone)
  const source = list.SENDERS.find(({ name }) => name === provider)?.samples[0]?.source(unauthenticated(), 'UTC')
  if (source === undefined) throw new Error(`${provider} has no samples`)
  const schemas = annotatedSchemas(published)
  return {
    title,
    provider,
    besides: BESIDES[provider] ?? '',
    catalogue,
    ...(alone.length > 0 && {
      alone: {
        catalogue: ALONE[provider] ?? {},
        schemas: new Map(alone.map(([key, schema]) => [key, toAnnotatedSchema(provider, key, schema)])),
      },
    }),
    schemas,
    undocumented: provider === 'momentum' ? UNDOCUMENTED : {},
    read: (text) => source[port].provider.read(parseElement(Buffer.from(text))),
    bare(key) {
      const field = schemas.get(key)?.properties?.[word]
      const value = field?.const ?? field?.enum?.[0]
      return element(key, value === undefined ? {} : { [word]: value }) as object
    },
  }
})

function named(provider: string): Sender {
  const sender = SENDERS.find((one) => one.provider === provider)
  if (sender === undefined) throw new Error(`there is no sender ${provider}`)
  return sender
}

export const [MOMENTUM, MAILJET, ESPUTNIK] = [named('momentum'), named('mailjet'), named('esputnik')]
