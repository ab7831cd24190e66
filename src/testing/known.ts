/** The events that `posthorn/testing` knows, as types. */
import type { SenderEvent } from '../providers/list.ts'

/** Every event of every sender: `MomentumEvent` and its like of each provider. */
export type KnownEvent = SenderEvent

/** A native name: `momentum.click`. */
export type KnownName = KnownEvent['name']

/** The normalised types that events of this name can have. */
export type TypeOf<N extends string, E = KnownEvent> = E extends { name: N; type: infer T extends string } ? T : never

/** The payload of the events of this name. */
export type PayloadOf<N extends KnownName> = Extract<KnownEvent, { name: N }>['payload']
