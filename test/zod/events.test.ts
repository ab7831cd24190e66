import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { port } from '../../src/lib/symbols.ts'
import { esputnik } from '../../src/providers/esputnik/index.ts'
import { ids as esputnikIds } from '../../src/providers/esputnik/validate.generated.ts'
import { mailjet } from '../../src/providers/mailjet/index.ts'
import { ids as mailjetIds } from '../../src/providers/mailjet/validate.generated.ts'
import { momentum } from '../../src/providers/momentum/index.ts'
import { ids as momentumIds } from '../../src/providers/momentum/validate.generated.ts'
import { auth, mutated } from '../providers/support.ts'
import { compile, elementOf, KNOWN, STRENGTHS, strict, tolerant } from './support.ts'

const SOURCES = {
  momentum: momentum({ auth }),
  mailjet: mailjet({ auth }),
  esputnik: esputnik({ auth, timeZone: 'UTC' }),
}
const IDS = { momentum: momentumIds.map(([name]) => name), mailjet: mailjetIds, esputnik: esputnikIds }

const takes = (schema: z.ZodType | undefined, value: unknown) => schema?.safeParse(value).success

it.each(STRENGTHS)('%s: every event has a schema of its own', (_strength, schemas) => {
  for (const { code } of KNOWN) expect(schemas[code], code).toBeInstanceOf(z.ZodObject)
  expect(KNOWN.length).toBe(45)
})

it('both strengths have the same names, but for the normalised event', () => {
  expect(Object.keys(tolerant).filter((name) => name !== 'normalisedEvent')).toEqual(Object.keys(strict))
})

describe.each(KNOWN)('$code', (known) => {
  const { code, provider, key, samples } = known
  const [sample = {}] = samples
  const foreign = KNOWN.filter((other) => other !== known).map((other) => other.samples[0])

  it.each(STRENGTHS)('%s: takes every right sample', (_strength, schemas) => {
    expect(samples.length).toBeGreaterThan(0)
    for (const one of samples) expect(schemas[code]?.safeParse(one).error).toBeUndefined()
  })

  it.each(STRENGTHS)('%s: refuses nothing at all, any other type, and the envelope', (_strength, schemas) => {
    for (const other of [{}, [], null, 'x', { msys: {} }, { msys: { [key]: sample } }, ...foreign])
      expect(takes(schemas[code], other), JSON.stringify(other)).toBe(false)
  })

  it('strict: refuses a misspelt field, which the tolerant one lets through', () => {
    const misspelt = { ...sample, recipent: 'jo@shop.example' }
    expect(takes(strict[code], misspelt)).toBe(false)
    expect(tolerant[code]?.parse(misspelt)).toHaveProperty('recipent', 'jo@shop.example')
  })

  it.each(STRENGTHS)('%s: gives identifiers as strings, from numbers too', (_strength, schemas) => {
    const names = IDS[provider].filter((name) => name in sample)
    const numbers = Object.fromEntries(names.map((name) => [name, 4711]))
    const parsed = schemas[code]?.parse({ ...sample, ...numbers }) as Record<string, unknown>
    for (const name of names) expect(parsed[name]).toBe('4711')
    expect(names.length).toBeGreaterThan(0)
  })

  it('tolerant: takes what the reader takes, and gives what a handler gets as payload', () => {
    const { read } = SOURCES[provider][port].provider
    const told = key === 'relay_message' ? { webhook_id: '1' } : wordOf(sample)
    const seen = { yes: 0, no: 0 }
    fc.assert(
      fc.property(mutated(sample), (changed) => {
        const event = { ...withoutProto(changed), ...told }
        const reading = read(structuredClone(elementOf(known, event)))
        const parsed = tolerant[code]?.safeParse(event)
        expect(parsed?.success).toBe(!('unreadable' in reading))
        if (!('unreadable' in reading)) expect(parsed?.data).toEqual(reading.payload)
        seen[parsed?.success ? 'yes' : 'no'] += 1
      }),
      { numRuns: 40 },
    )
    expect(seen.yes).toBeGreaterThan(0)
  })

  it.each(STRENGTHS)('%s: judges as its JSON Schema does', (_strength, schemas, folder) => {
    const modern = compile(`${provider}/${folder}${key}.json`)
    const older = compile(`draft-07/${provider}/${folder}${key}.json`)
    fc.assert(
      fc.property(mutated(sample), (event) => {
        const verdict = takes(schemas[code], event)
        expect([modern(event), older(event)]).toEqual([verdict, verdict])
      }),
      { numRuns: 40 },
    )
  })

  it('says in its own JSON Schema nothing that only the generator reads', () => {
    const text = JSON.stringify(z.toJSONSchema(tolerant[code] as z.ZodType, { io: 'input' }))
    expect(text).not.toContain('"x-')
    expect(text).toContain('"description"')
  })

  it('is a Standard Schema', async () => {
    const standard = tolerant[code]?.['~standard']
    expect(standard).toMatchObject({ version: 1, vendor: 'zod' })
    expect(await standard?.validate(sample)).toHaveProperty('value')
    expect(await standard?.validate({})).toHaveProperty('issues')
  })
})

/** zod leaves this key out wherever it stands; the reader hands it on. */
const withoutProto = (value: object): object =>
  JSON.parse(JSON.stringify(value), (name, inner) => (name === '__proto__' ? undefined : inner))

const WORDS = ['type', 'event', 'activityStatus']
const wordOf = (sample: object) => Object.fromEntries(Object.entries(sample).filter(([name]) => WORDS.includes(name)))

it('the names of Momentum’s own event stream are the type too', () => {
  for (const { momentumBounce } of [tolerant, strict]) {
    for (const type of ['bounce', 'inband', 'permfail']) expect(takes(momentumBounce, { type })).toBe(true)
    expect(takes(momentumBounce, { type: 'outofband' })).toBe(false)
  }
})
