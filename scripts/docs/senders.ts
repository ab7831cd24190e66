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
import { annotatedSchemas, type JsonSchema } from '../schema/json-schema.ts'

export interface Sender {
  readonly title: string
  readonly provider: string
  readonly catalogue: Catalogue
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
  catalogue: momentumCatalogue,
  schemas: annotatedSchemas('momentum'),
  undocumented: UNDOCUMENTED,
  read: reader(momentum({ auth })),
}

export const MAILJET: Sender = {
  title: 'Mailjet',
  provider: 'mailjet',
  catalogue: mailjetCatalogue,
  schemas: annotatedSchemas('mailjet'),
  undocumented: {},
  read: reader(mailjet({ auth })),
}

export const ESPUTNIK: Sender = {
  title: 'eSputnik (Yespo)',
  provider: 'esputnik',
  catalogue: esputnikCatalogue,
  schemas: annotatedSchemas('esputnik'),
  undocumented: {},
  read: reader(esputnik({ auth, timeZone: 'UTC' })),
}

export const SENDERS: readonly Sender[] = [MOMENTUM, MAILJET, ESPUTNIK]
