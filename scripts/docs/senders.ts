/** What the documents are made from: the schemas, the catalogues, and the code that reads. */
import { unauthenticated } from '../../src/auth/index.ts'
import { parseElement } from '../../src/json/slices.ts'
import { port } from '../../src/lib/symbols.ts'
import type { Reading, Unreadable } from '../../src/ports/provider.ts'
import { catalogue as esputnikCatalogue } from '../../src/providers/esputnik/catalogue.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import type { Catalogue } from '../../src/providers/kit/catalogue.ts'
import { catalogue as mailjetCatalogue } from '../../src/providers/mailjet/catalogue.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { catalogue as momentumCatalogue } from '../../src/providers/momentum/catalogue.ts'
import { UNDOCUMENTED } from '../../src/providers/momentum/events-sets.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { mailjet as mailjetWire } from '../../src/zod/tolerant/schemas.ts'
import { annotatedSchemas, type JsonSchema, toAnnotatedSchema } from '../schema/json-schema.ts'

export interface Sender {
  readonly title: string
  readonly provider: string
  readonly catalogue: Catalogue
  /** What comes by a source of its own and is described in the same tables. */
  readonly alone?: Pick<Sender, 'catalogue' | 'schemas'>
  /** What else comes from it, by a source of its own, in sentences. */
  readonly besides: string
  /** By wire key, with the annotations of the generator. */
  readonly schemas: ReadonlyMap<string, JsonSchema>
  /** Fields that are not in the sender's own documents, by wire key. */
  readonly undocumented: Readonly<Record<string, readonly string[]>>
  /** Reads one element from its JSON text, as it is read from a body. */
  read(text: string): Reading | Unreadable
}

const auth = unauthenticated()

const reader = (source: ReturnType<typeof momentum | typeof mailjet | typeof esputnik>) => (text: string) =>
  source[port].provider.read(parseElement(Buffer.from(text)))

export const MOMENTUM: Sender = {
  title: 'Momentum and SparkPost',
  provider: 'momentum',
  besides:
    'Mails that come in by a relay webhook are `momentum.relay_message`; `momentumRelay` is a source for them alone, with ' +
    'limits for large mails: [inbound-mail.md](inbound-mail.md).',
  catalogue: momentumCatalogue,
  schemas: annotatedSchemas('momentum'),
  undocumented: UNDOCUMENTED,
  read: reader(momentum({ auth })),
}

export const MAILJET: Sender = {
  title: 'Mailjet',
  provider: 'mailjet',
  besides:
    'Mails that come in by the Parse API are `mailjet.parse`, of the type `inbound`, from a source made by `mailjetParse`: ' +
    '[inbound-mail.md](inbound-mail.md).',
  catalogue: mailjetCatalogue,
  alone: {
    catalogue: { 'mailjet.parse': { schema: 'parse', types: ['inbound'], payload: 'MailjetParse' } },
    schemas: new Map(
      Object.entries(mailjetWire.alone).map(([key, schema]) => [key, toAnnotatedSchema('mailjet', key, schema)]),
    ),
  },
  schemas: annotatedSchemas('mailjet'),
  undocumented: {},
  read: reader(mailjet({ auth })),
}

export const ESPUTNIK: Sender = {
  title: 'eSputnik (Yespo)',
  provider: 'esputnik',
  besides:
    'The Webhook block of a workflow waits for an answer, which a source made by `esputnikWorkflow` gives; what was asked and ' +
    'answered is kept as `esputnik.workflow_call` and `esputnik.workflow_once`: ' +
    '[esputnik-workflow.md](esputnik-workflow.md).',
  catalogue: esputnikCatalogue,
  schemas: annotatedSchemas('esputnik'),
  undocumented: {},
  read: reader(esputnik({ auth, timeZone: 'UTC' })),
}

export const SENDERS: readonly Sender[] = [MOMENTUM, MAILJET, ESPUTNIK]
