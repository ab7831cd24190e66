import type { Slots } from './slots.ts'

/** Where a value breaks its schema: what the generated validators return. */
export interface Problem {
  /** JSON pointer into the value. */
  readonly path: string
  /** What was expected there; never the value. */
  readonly reason: string
}

/** A compiled schema: null where the value fits. */
export type Check = (value: unknown) => Problem | null

/** The same over the slots of an object. */
export type SlotsCheck = (slots: Slots) => Problem | null
