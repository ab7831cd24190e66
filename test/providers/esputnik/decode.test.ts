import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { port } from '../../../src/lib/symbols.ts'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { esputnikSamples, esputnikWire } from '../../../src/providers/esputnik/samples.ts'
import { auth, elementsOf, reading, readText, sampleFiles } from '../support.ts'

const source = esputnik({ auth, timeZone: 'Europe/Kyiv' })
const { provider } = source[port]
const undelivered = esputnikSamples['esputnik.undelivered'].bounced

describe('identifiers', () => {
  it('are strings, small or beyond 2^53, and keep every digit', () => {
    const fields = { ...undelivered, broadcastId: '7', contactId: '9223372036854775807' }
    const { payload } = reading(source, esputnikWire(fields))
    expect(payload).toMatchObject({
      broadcastId: '7',
      workflowId: '340512',
      sourceEventId: '771204983',
      contactId: '9223372036854775807',
      messageId: '2489301',
      messageInstanceId: '4702519',
    })
  })

  it('are strings in activities we do not know', () => {
    expect(reading(source, '{"activityStatus":"RECEIVED","contactId":5}').payload).toHaveProperty('contactId', '5')
  })

  it('are the same when an element is read twice', () => {
    const element = JSON.parse(esputnikWire(undelivered))
    expect(provider.read(element)).toEqual(provider.read(element))
  })
})

describe('iid', () => {
  it('names one message in upper and in lower case, as in an early delivery and its late bounce', () => {
    const [early, late] = [
      { ...esputnikSamples['esputnik.delivered'].delivered, iid: 'D5AF8EFC-2E8F-4BB5-B427-77D554B30E65' },
      { ...undelivered, iid: 'd5af8efc-2e8f-4bb5-b427-77d554b30e65' },
    ].map((fields) => reading(source, esputnikWire(fields)))
    expect(early?.messageId).toBe('d5af8efc-2e8f-4bb5-b427-77d554b30e65')
    expect(late?.messageId).toBe(early?.messageId)
    expect([early?.type, late?.type]).toEqual(['delivered', 'bounced'])
  })
})

describe('activities we do not know', () => {
  it.each([
    ['{"activityStatus":"RECEIVED","mediaType":"email","email":"jo@shop.example"}', 'RECEIVED'],
    ['{"activityStatus":"PUSH_SUBSCRIBED"}', 'PUSH_SUBSCRIBED'],
    ['{"activityStatus":"delivered"}', 'delivered'],
    ['{"activityStatus":"__proto__"}', '__proto__'],
    ['{"activityStatus":["DELIVERED"]}', 'unknown'],
    ['{"title":"App Inbox message"}', 'unknown'],
    ['{}', 'unknown'],
  ])('%s arrives as esputnik.unknown', (text, nativeType) => {
    const read = reading(source, text)
    expect(read).toMatchObject({ name: 'esputnik.unknown', nativeType, type: 'unknown', category: 'other' })
    expect(read).toMatchObject({ effect: 'none', details: null, payload: JSON.parse(text) })
  })

  it('still tell whom and when they are about', () => {
    const text = esputnikWire({ ...undelivered, activityStatus: 'RECEIVED' })
    expect(reading(source, text)).toMatchObject({
      recipient: 'jo@shop.example',
      channel: 'email',
      occurredAt: Date.UTC(2026, 4, 28, 20, 26, 40),
    })
  })
})

describe('what cannot be read', () => {
  it.each(['null', 'false', '7', '"READ"', '[]', '[{"activityStatus":"READ"}]'])('%s is no activity', (text) => {
    expect(readText(source, text)).toEqual({ unreadable: 'expected object', path: '' })
  })

  it.each([
    ['/email', { email: { a: 'jo@shop.example' } }],
    ['/activityDateTime', { activityDateTime: ['2026'] }],
    ['/contactId', { contactId: {} }],
    ['/hardBounce', { hardBounce: [true] }],
    ['/statusData', { statusData: 'jo@shop.example' }],
    ['/statusData/subscription', { statusData: { subscription: 'jo@shop.example' } }],
    ['/statusData/subscripton/subscriptons', { statusData: { subscripton: { subscriptons: 'jo@shop.example' } } }],
  ])('a wrong type at %s is named, not shown', (path, fields) => {
    const result = readText(source, esputnikWire({ ...undelivered, ...fields }))
    expect(result).toEqual({ unreadable: expect.stringMatching(/^expected /), path })
    expect(JSON.stringify(result)).not.toContain('jo@shop')
  })
})

describe('any input', () => {
  const statuses = Object.values(esputnikSamples).flatMap((byType) =>
    Object.values(byType).map(({ activityStatus }) => activityStatus),
  )
  const names = Object.values(esputnikSamples).flatMap((byType) => Object.values(byType).flatMap(Object.keys))
  const fields = fc.dictionary(fc.constantFrom(...new Set<string>(names), '__proto__', 'x'), fc.jsonValue())

  it('is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withBigInt: true, withDate: true }), fc.jsonValue()), (value) => {
        const result = provider.read(value)
        expect('unreadable' in result || provider.catalogue.has(result.name)).toBe(true)
      }),
    )
  })

  it('of known statuses gives what the catalogue announces', () => {
    fc.assert(
      fc.property(fc.constantFrom(...statuses, 'RECEIVED'), fields, (activityStatus, rest) => {
        const result = provider.read({ ...rest, activityStatus })
        if ('unreadable' in result) {
          expect(result.path).toMatch(/^\/\w/)
          return
        }
        expect(provider.catalogue.get(result.name)).toContain(result.type)
        expect(result.recipient).not.toBe('')
        expect(result.occurredAt === null || !Number.isNaN(new Date(result.occurredAt).getTime())).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('published samples', () => {
  const files = sampleFiles('esputnik') ?? []

  it.skipIf(files.length === 0)('are all known (POSTHORN_SAMPLES)', () => {
    const results = files.flatMap(({ samples }) => samples.flatMap(elementsOf).map((element) => provider.read(element)))
    expect(results.length).toBe(15)
    for (const result of results) {
      expect(result).not.toHaveProperty('unreadable')
      expect(result).toMatchObject({ name: expect.not.stringMatching(/unknown/), messageId: expect.any(String) })
      expect(result).toMatchObject({
        occurredAt: expect.any(Number),
        channel: expect.stringMatching(/email|sms|viber/),
      })
    }
  })
})
