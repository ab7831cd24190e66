/**
 * Takes what the senders document and were seen to send: each field in a type that its payload interface names, and no
 * field that is not listed. For fixtures and tests; a receiver that is so strict loses events when a sender adds a field.
 */
import { z } from 'zod'
import { kitOf, type Strength } from '../kit.ts'
import { notes } from '../notes.ts'

const text = z.string()
const digits = z.string().regex(/^-?\d+$/)
const number = z.string().regex(/^-?\d+(?:\.\d+)?$/)
const whole = z.number().refine(Number.isInteger, { error: 'expected integer' }).register(notes, { whole: true })

const strength: Strength = {
  scalars: {
    text: { schema: text, definition: 'text' },
    textOrNull: { schema: z.union([text, z.null()]), definition: 'textOrNull' },
    textOrNumber: { schema: z.union([text, z.number()]), definition: 'textOrNumber' },
    scalar: { schema: z.union([text, z.number(), z.boolean()]), definition: 'scalar' },
    id: { schema: z.union([text, whole]), definition: 'id' },
    integer: { schema: z.union([whole, digits]), definition: 'integer' },
    decimal: { schema: z.union([z.number(), number]), definition: 'decimal' },
    flag: {
      schema: z.union([z.boolean(), z.enum(['0', '1', 'true', 'false']), z.literal([0, 1])]),
      definition: 'flag',
    },
    boolean: { schema: z.boolean(), definition: 'boolean' },
    booleanOrEmpty: { schema: z.union([z.boolean(), z.literal('')]), definition: 'booleanOrEmpty' },
  },
  orEmpty: (schema) => schema,
  orList: (schema) => schema,
  object: (fields) => z.strictObject(fields),
  numbered: (fields) => z.object(fields).catchall(text),
}

export const strictKit = kitOf(strength)
