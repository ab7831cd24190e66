/** What a provider makes of the content of one event. Private. */
import type { Effect, EventDetails } from '../../types.ts'
import type { NormalisedType } from './catalogue.ts'

/** The normalised type, what it asks for, and the fields it adds; null where it adds none. */
export type Meaning = {
  [T in NormalisedType]: {
    readonly type: T
    readonly effect: Effect
    readonly details: T extends keyof EventDetails ? EventDetails[T] : null
  }
}[NormalisedType]
