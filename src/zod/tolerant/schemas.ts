/** The tolerant schemas, not typed: what the receiver lets through, unknown events in a body included. */
import { z } from 'zod'
import { isObject } from '../../lib/guards.ts'
import { type BodyRules, esputnikLevels, mailjetLevels, momentumLevels, oneOrList } from '../levels.ts'
import { tolerantKit } from './kit.ts'

/** By the schema that `choose` gives: with its issues where they are, which a union buries. */
function either(choose: (value: unknown) => z.ZodType): z.ZodType {
  return z.transform((value, context) => {
    const result = choose(value).safeParse(value)
    if (result.success) return result.data
    for (const issue of result.error.issues) context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue)
    return z.NEVER
  })
}

const rules: BodyRules = {
  kit: tolerantKit,
  // Senders add events before anybody documents them; one that is known has to be as it is known.
  inBody(word, known, words) {
    const other = z.looseObject({ [word]: z.string() })
    const isOther = (event: unknown) => isObject(event) && typeof event[word] === 'string' && !words.has(event[word])
    return either((event) => (isOther(event) ? other : known))
  },
  object: z.looseObject,
  checkBatch: (batch) => batch,
  listOnly: oneOrList,
}

export const momentum = momentumLevels(rules)
export const mailjet = mailjetLevels(rules)
export const esputnik = esputnikLevels(rules)
