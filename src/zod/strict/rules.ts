/** Strict: as documented and as seen, and nothing else. */
import { z } from 'zod'
import type { BodyRules } from '../levels.ts'
import { strictKit } from './kit.ts'

interface Element {
  readonly msys: object
}

export const rules: BodyRules = {
  kit: strictKit,
  inBody: (_word, known) => known,
  object: z.strictObject,
  checkBatch: (batch) =>
    batch.check(z.superRefine((elements, context) => checkClasses(elements as Element[], context))),
  listOnly: z.array,
}

/** One event an element; an empty `msys` alone is the test POST (SparkPost developer documentation, webhooks, validate). */
function checkClasses(elements: readonly Element[], context: z.RefinementCtx): void {
  for (const [index, { msys }] of elements.entries()) {
    const classes = Object.keys(msys).length
    if (classes === 1 || (classes === 0 && elements.length === 1)) continue
    context.addIssue({
      code: 'custom',
      path: [index, 'msys'],
      message: `expected one class of events, found ${classes}`,
    })
  }
}
