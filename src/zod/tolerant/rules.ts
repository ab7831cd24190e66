/** Tolerant: what the receiver lets through, unknown events in a body included. */
import { z } from 'zod'
import { type BodyRules, oneOrList } from '../levels.ts'
import { tolerantKit } from './kit.ts'

/** By the schema that `choose` gives: with its issues where they are, which a union buries. */
function either(choose: (value: Record<string, unknown>) => z.ZodType): z.ZodType {
  return z.looseObject({}).transform((value, context) => {
    const result = choose(value).safeParse(value)
    if (result.success) return result.data
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
    return z.NEVER
  })
}

export const rules: BodyRules = {
  kit: tolerantKit,
  // Senders add events before anybody documents them; one that is known has to be as it is known.
  inBody(word, known, words) {
    const other = z.looseObject({ [word]: z.string() })
    return either((event) => (event[word] === undefined || words.has(event[word]) ? known : other))
  },
  object: z.looseObject,
  checkBatch: (batch) => batch,
  listOnly: oneOrList,
}
