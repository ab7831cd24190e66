/** Mailjet's events ("webhooks", "event tracking"): exported as `posthorn/mailjet`. */
import { port } from '../../lib/symbols.ts'

import type { Auth } from '../../ports/auth.ts'
import type { Provider, Source } from '../../ports/provider.ts'
import type { MetadataSchema, WithMetadata } from '../../types.ts'

import { namesAndTypes } from '../kit/catalogue.ts'
import { withMetadata } from '../kit/metadata.ts'
import { checkSourceOptions, type MetadataOptions, type SourceOptions } from '../kit/source-options.ts'
import { catalogue } from './catalogue.ts'
import { decode } from './decode.ts'
import { fingerprints } from './fingerprint.ts'
import type { MailjetEvent } from './payloads.generated.ts'
import { ids } from './validate.generated.ts'

export { field } from '../../lib/field.ts'
export {
  type MailjetParse,
  type MailjetParseEvent,
  type MailjetParseOptions,
  mailjetParse,
} from './parse.ts'
export type * from './payloads.generated.ts'

/** S: the schema of metadata; `never` without one. */
export interface MailjetOptions<S extends MetadataSchema = never> extends SourceOptions<Auth>, MetadataOptions<S> {}

// Mailjet announces no probe on saving an address; grouped triggers make an empty array thinkable.
const provider: Provider = Object.freeze({
  name: 'mailjet',
  probes: Object.freeze(['[]']),
  // No custom headers and no bearer tokens in any of its documents: Basic from the address, or a secret in the address
  // (mailjet/api-documentation guides/_event-api.md, March 2023).
  cannotSend: Object.freeze(['token', 'header', 'bearer', 'jwt']),
  answersGet: false,
  batchIdHeader: null,
  testBatchIds: new Set<string>(),
  catalogue: namesAndTypes('mailjet', catalogue),
  ids,
  read: decode,
  fingerprints,
})

/**
 * A source for Mailjet's Event API: bare objects (version 1) and arrays (version 2, "group events") alike.
 * Mailjet signs nothing; it sends `user:password@` of the registered address as Basic credentials.
 *
 * @example
 * const auth = basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } })
 * createReceiver({ inbox, sources: { mails: mailjet({ auth }) } })
 * @throws OptionError for an auth that is none, a limit that is no number of bytes, or a schema that is none or not
 * synchronous.
 */
export function mailjet<S extends MetadataSchema = never>(
  options: MailjetOptions<S>,
): Source<WithMetadata<MailjetEvent, S>> {
  const limits = checkSourceOptions('mailjet', options, ['metadata'])
  const { auth, metadata } = options
  return Object.freeze({
    provider: provider.name,
    [port]: Object.freeze({ provider: withMetadata(provider, metadata), auth, ...limits }),
  })
}
