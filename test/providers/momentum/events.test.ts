import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { catalogue } from '../../../src/providers/momentum/catalogue.ts'
import { reads, WORD } from '../../../src/providers/momentum/events.ts'
import { DOCUMENTED, UNDOCUMENTED } from '../../../src/providers/momentum/events-sets.ts'
import { momentumSamples } from '../../../src/providers/momentum/samples.ts'
import { checks, F, fill, ids, SIZE } from '../../../src/providers/momentum/validate.generated.ts'
import { momentumLevels } from '../../../src/zod/levels.ts'
import { rules } from '../../../src/zod/tolerant/rules.ts'
import { mutated } from '../support.ts'

const schemas: Readonly<Record<string, z.ZodObject>> = momentumLevels(rules).events

/** Fields the vendor documents for each type, counted in its samples of mid-2026. */
const COUNTS = {
  'message_event.bounce': 49,
  'message_event.delivery': 51,
  'message_event.injection': 45,
  'message_event.sms_status': 23,
  'message_event.spam_complaint': 38,
  'message_event.out_of_band': 40,
  'message_event.policy_rejection': 33,
  'message_event.delay': 51,
  'track_event.click': 44,
  'track_event.open': 42,
  'track_event.initial_open': 42,
  'track_event.amp_click': 44,
  'track_event.amp_open': 42,
  'track_event.amp_initial_open': 42,
  'gen_event.generation_failure': 30,
  'gen_event.generation_rejection': 32,
  'unsubscribe_event.list_unsubscribe': 40,
  'unsubscribe_event.link_unsubscribe': 44,
  'relay_event.relay_injection': 18,
  'relay_event.relay_rejection': 19,
  'relay_event.relay_delivery': 20,
  'relay_event.relay_tempfail': 23,
  'relay_event.relay_permfail': 24,
  'ab_test_event.ab_test_completed': 6,
  'ab_test_event.ab_test_cancelled': 6,
  'ingest_event.success': 9,
  'ingest_event.error': 13,
}

const slotsOf = (wire: object) => {
  const slots = new Array<unknown>(SIZE).fill(undefined)
  fill(slots, wire)
  return slots
}

describe('schemas', () => {
  it('stand in the catalogue, in the checks and among the published files, all of them', () => {
    const keys = Object.keys(schemas).sort()
    const inCatalogue = Object.values(catalogue).map(({ schema }) => schema)
    expect(inCatalogue.sort()).toEqual(keys)
    expect(Object.keys(checks).sort()).toEqual(keys)
    const files = readdirSync(join(import.meta.dirname, '../../../schemas/momentum'))
    expect(files).toEqual(expect.arrayContaining(keys.map((key) => `${key}.json`)))
  })

  it.each(Object.entries(COUNTS))('have the documented fields of %s, %i', (key, count) => {
    expect(new Set(DOCUMENTED[key]).size).toBe(count)
  })

  it('count the documented fields of every type but those of adaptive delivery', () => {
    const counted = Object.keys(DOCUMENTED).filter((key) => !key.startsWith('adaptive_event.'))
    expect(counted.sort()).toEqual(Object.keys(COUNTS).sort())
  })

  it('name no field twice', () => {
    for (const key of Object.keys(DOCUMENTED)) {
      const names = [...(DOCUMENTED[key] ?? []), ...(UNDOCUMENTED[key] ?? [])]
      expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([])
    }
  })

  it('mark the identifiers', () => {
    const names = `ab_test_id batch_id campaign_id customer_id event_id message_id rcpt_list_id relay_id subaccount_id
      template_id transmission_id webhook_id`
    expect(ids.map(([name]) => name)).toEqual(names.split(/\s+/))
  })
})

describe('fill', () => {
  it('keeps the fields that are read, whatever they hold', () => {
    for (const [name, place] of Object.entries(F))
      for (const value of ['', 'x', true, 0, null, [], {}]) expect(slotsOf({ [name]: value })[place]).toBe(value)
    expect(Object.keys(F).sort()).toEqual([...reads].sort())
  })

  it('sees nothing in names it does not know', () => {
    const others = JSON.parse('{"__proto__":{"to":1},"constructor":1,"event_ix":1,"":1,"length":2}')
    expect(slotsOf(others).every((value) => value === undefined)).toBe(true)
  })
})

describe.each(Object.entries(momentumSamples))('%s', (name, samples) => {
  const { schema } = catalogue[name as keyof typeof momentumSamples]

  it('has a sample with every documented field that mail has', () => {
    const ofMail = (field: string) => name === 'momentum.sms_status' || !/^sms_|^device_token$/.test(field)
    for (const fields of Object.values(samples))
      expect(Object.keys(fields)).toEqual(expect.arrayContaining((DOCUMENTED[schema] ?? []).filter(ofMail)))
  })

  it('is judged by the compiled check as by the schema it came from', () => {
    const [fields] = Object.values(samples) as object[]
    const nested = Object.entries(fields ?? {}).filter(([, value]) => isPlainObject(value))
    const deep = nested.map(([key, value]) => mutated(value).map((changed) => ({ ...fields, [key]: changed })))
    // The reader has found out what it is before it validates.
    const told = schema === 'relay_message' ? { webhook_id: '1' } : { [WORD]: Object(fields)[WORD] }
    const accepted = { yes: 0, no: 0 }
    fc.assert(
      fc.property(fc.oneof(mutated({ ...fields }), ...deep), (changed) => {
        const value = { ...changed, ...told }
        const problem = checks[schema]?.(slotsOf(value))
        const parsed = schemas[schema]?.safeParse(value)
        expect(problem === null).toBe(parsed?.success)
        if (problem) expect(parsed?.error?.issues.map(({ path }) => `/${String(path[0])}`)).toContain(top(problem.path))
        accepted[problem === null ? 'yes' : 'no'] += 1
      }),
      { numRuns: 400 },
    )
    expect(Math.min(accepted.yes, accepted.no)).toBeGreaterThan(0)
  })
})

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const top = (path: string) => path.split('/').slice(0, 2).join('/')
