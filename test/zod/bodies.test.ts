import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { sampleBodies, samplesFolder } from '../support/sample-bodies.ts'
import { BODIES, compile, elementOf, KNOWN, STRENGTHS, strict, tolerant } from './support.ts'

const takes = (schema: z.ZodType | undefined, value: unknown) => schema?.safeParse(value).success

describe.skipIf(!samplesFolder)('the bodies of the senders’ documents (POSTHORN_SAMPLES)', () => {
  // The Parse API posts mail, not events.
  const bodies = sampleBodies().filter(({ name }) => !name.includes('parse-api'))

  it('are there, of every sender', () => {
    const senders = bodies.map(({ sender }) => sender)
    expect(Object.groupBy(senders, (sender) => sender)).toHaveProperty('esputnik.length', 3)
    expect(senders.length).toBeGreaterThan(20)
  })

  it.each(bodies)('$sender $name passes, in zod and in JSON Schema', ({ sender, text }) => {
    const body = JSON.parse(text)
    for (const [, schemas, folder] of STRENGTHS) {
      expect(schemas[BODIES[sender]]?.safeParse(body).error).toBeUndefined()
      const [modern, older] = ['', 'draft-07/'].map((draft) => compile(`${draft}${sender}/${folder}body.json`))
      expect([modern?.(body), older?.(body)]).toEqual([true, true])
    }
  })
})

describe.each(Object.entries(BODIES))('the body of %s, %s', (provider, code) => {
  const known = KNOWN.filter((one) => one.provider === provider)
  const whole = known.map((one) => elementOf(one, one.samples[0]))
  const judges = STRENGTHS.map(([strength, schemas, folder]) => {
    const drafts = ['', 'draft-07/'].map((draft) => compile(`${draft}${provider}/${folder}body.json`))
    return { strength, schema: schemas[code], drafts }
  })

  /** The verdict of zod, after both JSON Schemas were asked too. */
  function judge(body: unknown) {
    const verdicts = judges.map(({ strength, schema, drafts }) => {
      const verdict = takes(schema, body)
      expect(drafts.map((draft) => draft(body))).toEqual([verdict, verdict])
      return [strength, verdict]
    })
    return Object.fromEntries(verdicts)
  }

  it('takes every event at once, and gives a list', () => {
    expect(judge(whole)).toEqual({ tolerant: true, strict: true })
    expect(tolerant[code]?.parse(whole)).toHaveLength(known.length)
    expect(judge([])).toEqual({ tolerant: true, strict: true })
  })

  it('takes one event as a list of one', () => {
    expect(judge(whole[0])).toEqual({ tolerant: true, strict: provider !== 'esputnik' })
    expect(tolerant[code]?.parse(whole[0])).toHaveLength(1)
  })

  it('can be written as JSON Schema by zod itself, for tools that ask it', () => {
    for (const { [code]: schema } of [tolerant, strict])
      expect(z.toJSONSchema(schema as z.ZodType, { io: 'input' })).toMatchObject({ type: 'array' })
  })

  it('refuses what is no event', () => {
    for (const body of [{}, [{}], null, 'x', [null], [whole]])
      expect(judge(body)).toEqual({ tolerant: false, strict: false })
  })

  it('tolerant: lets an event through that nobody knows, as it came', () => {
    const [first] = known
    const word = { momentum: 'type', mailjet: 'event', esputnik: 'activityStatus' }[provider] ?? ''
    const unheardOf = elementOf(first as (typeof known)[number], { [word]: 'hovered', deep: { a: [1] } })
    expect(judge([unheardOf])).toEqual({ tolerant: true, strict: false })
    expect(tolerant[code]?.parse([unheardOf])).toEqual([unheardOf])
  })

  it('says where a known event is wrong', () => {
    const [first] = known
    const broken = elementOf(first as (typeof known)[number], { ...first?.samples[0], ...brokenField(provider) })
    expect(judge([whole[0], broken])).toEqual({ tolerant: false, strict: false })
    for (const { [code]: schema } of [tolerant, strict]) {
      const paths = schema?.safeParse([whole[0], broken]).error?.issues.map(({ path }) => path.join('/'))
      expect(paths).toEqual([provider === 'momentum' ? '1/msys/message_event/rcpt_to' : '1/email'])
    }
  })
})

const brokenField = (provider: string) => (provider === 'momentum' ? { rcpt_to: {} } : { email: {} })

describe('momentumBatch', () => {
  it('strict: takes the test POST alone, and no other element without a class', () => {
    const ping = { msys: {} }
    for (const body of [ping, [ping]]) expect(takes(strict.momentumBatch, body)).toBe(true)
    expect(takes(strict.momentumBatch, [ping, ping])).toBe(false)
    expect(takes(strict.momentumBatch, [ping, { msys: { track_event: { type: 'click' } } }])).toBe(false)
  })

  it('strict: refuses two classes in one element', () => {
    const both = { msys: { track_event: { type: 'click' }, message_event: { type: 'bounce' } } }
    expect(takes(strict.momentumBatch, [both])).toBe(false)
  })

  it('tolerant: lets keys beside msys and classes that nobody knows through', () => {
    const element = { msys: { space_event: { type: 'launched' } }, cust: { id: '1' } }
    expect(tolerant.momentumBatch?.parse([element])).toEqual([element])
    expect(takes(strict.momentumBatch, [element])).toBe(false)
  })
})

describe('classes', () => {
  it.each(STRENGTHS)('%s: momentumTrackEvent takes its types and no other', (_strength, schemas) => {
    for (const { key, samples } of KNOWN.filter(({ provider }) => provider === 'momentum'))
      expect(takes(schemas.momentumTrackEvent, samples[0]), key).toBe(key.startsWith('track_event.'))
    for (const other of [{}, { msys: {} }, { type: 'hovered' }])
      expect(takes(schemas.momentumTrackEvent, other)).toBe(false)
  })

  it.each(STRENGTHS)('%s: mailjetPayload and esputnikActivity take all of their sender', (_strength, schemas) => {
    for (const { provider, samples } of KNOWN) {
      expect(takes(schemas.mailjetPayload, samples[0])).toBe(provider === 'mailjet')
      expect(takes(schemas.esputnikActivity, samples[0])).toBe(provider === 'esputnik')
    }
  })
})
