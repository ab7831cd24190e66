/**
 * Takes what the receiver takes. A scalar is text, number, boolean, null or the empty array, whatever was documented:
 * senders of this family write numbers as text and flags as `"1"`, and Momentum before 4.2.40 wrote `[]` or `0` for an
 * empty field (Momentum changelog MO-7454, Oct 2018). Unknown fields are let through.
 */
import { z } from 'zod'
import type { Kind } from '../../providers/kit/wire-schema.ts'
import { kitOf, type Strength } from '../kit.ts'

const nothing = z.array(z.unknown()).max(0)
const scalar = {
  schema: z.union([z.string(), z.number(), z.boolean(), z.null(), nothing], {
    error: 'expected string, number, boolean, null or []',
  }),
  definition: 'scalar',
}
const zero = z.number().min(0).max(0)

const kinds: Record<Kind, typeof scalar> = {
  text: scalar,
  textOrNull: scalar,
  textOrNumber: scalar,
  scalar,
  id: scalar,
  integer: scalar,
  decimal: scalar,
  flag: scalar,
  boolean: scalar,
  booleanOrEmpty: scalar,
}

const strength: Strength = {
  scalars: kinds,
  orEmpty: (schema) =>
    schema instanceof z.ZodArray ? z.union([schema, z.null(), zero]) : z.union([schema, nothing, z.null(), zero]),
  orList: (schema) => z.union([schema, z.array(z.unknown()), z.null()]),
  object: (fields) => z.looseObject(fields),
  numbered: (fields) => z.looseObject(fields),
}

export const tolerantKit = kitOf(strength)
