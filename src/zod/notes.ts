/** What `npm run generate` needs to know of a schema beside what zod says of it. Private: JSON Schemas that users make are free of it. */
import { z } from 'zod'

export interface Notes {
  /** TypeScript type in the payload interface. */
  readonly payload?: string
  readonly isId?: true
  /** The name of the definition that it has in published schemas. */
  readonly definition?: string
  /** A number that is whole, which zod's own check gets wrong beside 0 (`multipleOf`) or beyond 2^53 (`int`). */
  readonly whole?: true
  /** Also those that zod leaves out, since the schema changes what it takes. */
  readonly examples?: readonly unknown[]
  /** Page or fixture the field set is from, and its date. */
  readonly source?: string
  /** Fields of which one must be there. */
  readonly needsOne?: readonly string[]
}

export const notes = z.registry<Notes>()
