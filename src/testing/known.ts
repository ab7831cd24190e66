/** The events that `posthorn/testing` knows, as types. */
import type { EsputnikEvent } from '../providers/esputnik/payloads.generated.ts'
import type { MailjetParseEvent } from '../providers/mailjet/parse.ts'
import type { MailjetEvent } from '../providers/mailjet/payloads.generated.ts'
import type { MomentumEvent } from '../providers/momentum/payloads.generated.ts'

/** What has no member of its own among Mailjet's other events. */
type ParsedMail = Extract<MailjetParseEvent, { name: 'mailjet.parse' }>

/** Every event of every sender. */
export type KnownEvent = MomentumEvent | MailjetEvent | ParsedMail | EsputnikEvent

/** A native name: `momentum.click`. */
export type KnownName = KnownEvent['name']

/** The normalised types that events of this name can have. */
export type TypeOf<N extends string, E = KnownEvent> = E extends { name: N; type: infer T extends string } ? T : never

/** The payload of the events of this name. */
export type PayloadOf<N extends KnownName> = Extract<KnownEvent, { name: N }>['payload']
