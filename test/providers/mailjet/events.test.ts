import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { catalogue } from '../../../src/providers/mailjet/catalogue.ts'
import * as wire from '../../../src/providers/mailjet/events.ts'
import { mailjetSamples } from '../../../src/providers/mailjet/samples.ts'
import { checks, ids } from '../../../src/providers/mailjet/validate.generated.ts'
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
    const files = readdirSync(join(import.meta.dirname, '../../../schemas/mailjet'))
    expect(files).toEqual(expect.arrayContaining(words.map((word) => `${word}.json`)))
  })

  it('mark the identifiers', () => {
    expect(ids).toEqual(['MessageID', 'mj_campaign_id', 'mj_contact_id', 'mj_list_id'])
  })
})

describe.each(Object.entries(mailjetSamples))('%s', (name, samples) => {
  const { schema } = catalogue[name as keyof typeof mailjetSamples]

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
          if (problem) expect(parsed?.error?.issues.map(({ path }) => `/${String(path[0])}`)).toContain(problem.path)
          accepted[problem === null ? 'yes' : 'no'] += 1
        }),
        { numRuns: 500 },
      )
      expect(Math.min(accepted.yes, accepted.no)).toBeGreaterThan(20)
    }
  })
})
