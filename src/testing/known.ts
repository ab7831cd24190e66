/** The events that `posthorn/testing` knows, as types. */
import type { EsputnikEvent } from '../providers/esputnik/payloads.generated.ts'
import type { MailjetEvent } from '../providers/mailjet/payloads.generated.ts'
import type { MomentumEvent } from '../providers/momentum/payloads.generated.ts'

/** Every event of every sender. */
export type KnownEvent = MomentumEvent | MailjetEvent | EsputnikEvent

/** A native name: `momentum.click`. */
export type KnownName = KnownEvent['name']

/** The normalised types that events of this name can have. */
export type TypeOf<N extends string, E = KnownEvent> = E extends { name: N; type: infer T extends string } ? T : never

/** The payload of the events of this name. */
export type PayloadOf<N extends KnownName> = Extract<KnownEvent, { name: N }>['payload']
