import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { catalogue } from '../../../src/providers/esputnik/catalogue.ts'
import * as wire from '../../../src/providers/esputnik/events.ts'
import { esputnikSamples } from '../../../src/providers/esputnik/samples.ts'
import { checks, ids } from '../../../src/providers/esputnik/validate.generated.ts'
import { flatLevels } from '../../../src/zod/levels.ts'
import { rules } from '../../../src/zod/tolerant/rules.ts'
import { mutated } from '../support.ts'

const schemas: Readonly<Record<string, z.ZodObject>> = flatLevels(wire, rules).events

describe('schemas', () => {
  it('stand in the catalogue, in the checks and among the published files, all of them', () => {
    const words = Object.keys(schemas).sort()
    expect(
      Object.values(catalogue)
        .map(({ schema }) => schema)
        .sort(),
    ).toEqual(words)
    expect(Object.keys(checks).sort()).toEqual(words)
    const files = readdirSync(join(import.meta.dirname, '../../../schemas/esputnik'))
    expect(files).toEqual(expect.arrayContaining(words.map((word) => `${word}.json`)))
  })

  it('mark the identifiers', () => {
    expect(ids).toEqual(['broadcastId', 'contactId', 'messageId', 'messageInstanceId', 'sourceEventId', 'workflowId'])
  })
})

describe.each(Object.entries(esputnikSamples))('%s', (name, samples) => {
  const { schema } = catalogue[name as keyof typeof esputnikSamples]

  it('accepts its samples', () => {
    for (const fields of Object.values(samples)) expect(checks[schema]?.(fields)).toBeNull()
  })

  it('is judged by the compiled check as by the schema it came from', () => {
    for (const fields of Object.values(samples)) {
      const accepted = { yes: 0, no: 0 }
      fc.assert(
        fc.property(mutated(fields), (changed) => {
          // The reader has looked the word up before it validates.
          const value = { ...changed, [wire.WORD]: fields[wire.WORD] }
          const problem = checks[schema]?.(value)
          const parsed = schemas[schema]?.safeParse(value)
          expect(problem === null).toBe(parsed?.success)
          const [, first] = problem?.path.split('/') ?? []
          if (problem) expect(parsed?.error?.issues.map(({ path }) => path[0])).toContain(first)
          accepted[problem === null ? 'yes' : 'no'] += 1
        }),
        { numRuns: 500 },
      )
      expect(Math.min(accepted.yes, accepted.no)).toBeGreaterThan(20)
    }
  })
})

it('statusData is judged by the compiled check as by its schema, at every depth', () => {
  const inner = fc.dictionary(fc.constantFrom('subscriptions', 'subscriptons', 'x'), fc.jsonValue({ maxDepth: 1 }))
  const outer = fc.dictionary(fc.constantFrom('subscription', 'subscripton', 'x'), fc.oneof(inner, fc.jsonValue()))
  const accepted = { yes: 0, no: 0 }
  fc.assert(
    fc.property(fc.oneof(outer, fc.array(outer), fc.jsonValue()), (statusData) => {
      const problem = checks.SUBSCRIPTION_CHANGED?.({ statusData })
      expect(problem === null).toBe(
        schemas.SUBSCRIPTION_CHANGED?.safeParse({ [wire.WORD]: 'SUBSCRIPTION_CHANGED', statusData }).success,
      )
      accepted[problem === null ? 'yes' : 'no'] += 1
    }),
    { numRuns: 2_000 },
  )
  expect(Math.min(accepted.yes, accepted.no)).toBeGreaterThan(100)
})
