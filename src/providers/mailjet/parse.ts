/** Mailjet's Parse API: mails that came in. Private; `posthorn/mailjet` exports it. */
import { port } from '../../lib/symbols.ts'
import type { Auth } from '../../ports/auth.ts'
import type { Provider, Source } from '../../ports/provider.ts'
import type { TypedEvent } from '../../types.ts'
import { checkSourceOptions, type SourceOptions } from '../kit/source-options.ts'
import { fingerprints, readParsed } from './parse-read.ts'

/** A mail, taken apart (mailjet/api-documentation guides/_parse-api.md, March 2023). Any field may be absent. */
export interface MailjetParse {
  /** Envelope sender. */
  readonly Sender?: string
  /** Envelope recipient. */
  readonly Recipient?: string
  /** The Date header in UTC: `20150410T160638`. */
  readonly Date?: string
  /** The From header. */
  readonly From?: string
  /** The Subject header. */
  readonly Subject?: string
  /** Headers by name: text, or a list of texts, one for each line. */
  readonly Headers?: Readonly<Record<string, string | readonly string[]>>
  /** The parts, of which the tree cannot be told; `ContentRef` names the field with the content. */
  readonly Parts?: ReadonlyArray<{
    readonly Headers?: Readonly<Record<string, string | readonly string[]>>
    readonly ContentRef?: string
  }>
  readonly 'Text-part'?: string
  readonly 'Html-part'?: string
  /** A number: `"0.602"`. */
  readonly SpamAssassinScore?: string
  /** Of the mail that this one answers. */
  readonly CustomID?: string
  /** Of the mail that this one answers: any text. */
  readonly Payload?: string
}

export type MailjetParseEvent =
  | TypedEvent<'mailjet', 'mailjet.parse', 'inbound', MailjetParse>
  | TypedEvent<'mailjet', 'mailjet.unknown', 'unknown', object>

export interface MailjetParseOptions extends SourceOptions<Auth> {}

/** Attachments come as base64 inside of the JSON: a mail of 20 MB is 27 MB of it. Its size is unbounded in the documents. */
const BODY_BYTES = 64 << 20
const BODY_MS = 120_000

const provider: Provider = Object.freeze({
  name: 'mailjet',
  probes: Object.freeze([]),
  cannotSend: Object.freeze(['token', 'header', 'bearer', 'jwt']),
  answersGet: false,
  batchIdHeader: null,
  testBatchIds: new Set<string>(),
  catalogue: new Map([
    ['mailjet.parse', ['inbound']],
    ['mailjet.unknown', ['unknown']],
  ]),
  read: readParsed,
  fingerprints,
})

/**
 * A source for Mailjet's Parse API: one mail in each post, as the event `mailjet.parse` with `event.mail`. Mailjet sends
 * `user:password@` of the registered address as Basic credentials. Bodies may have 64 MiB and take two minutes, unless
 * `limits` says otherwise; `limits.inFlightBytes` and `memoryBytes` of the receiver bound them together.
 *
 * @example
 * const auth = basic({ username: 'mailjet', password: { env: 'MAILJET_PASSWORD' } })
 * createReceiver({ inbox, sources: { replies: mailjetParse({ auth }) } })
 * @throws OptionError for an auth that is none, and for a limit that is no number
 */
export function mailjetParse(options: MailjetParseOptions): Source<MailjetParseEvent> {
  const { bodyBytes, bodyMs, ...checked } = checkSourceOptions('mailjetParse', options)
  const limits = { bodyBytes: bodyBytes ?? BODY_BYTES, bodyMs: bodyMs ?? BODY_MS }
  return Object.freeze({
    provider: provider.name,
    [port]: Object.freeze({ provider, auth: options.auth, ...checked, ...limits }),
  })
}
