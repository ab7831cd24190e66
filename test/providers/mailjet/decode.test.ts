import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { port } from '../../../src/lib/symbols.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { mailjetSamples, mailjetWire } from '../../../src/providers/mailjet/samples.ts'
import { auth, reading, readText } from '../support.ts'

const source = mailjet({ auth })
const { provider } = source[port]
const bounce = mailjetSamples['mailjet.bounce'].bounced

describe('identifiers', () => {
  it.each(['94012642276192743', '70650219325536063', '576460753067090994', '1152921506151679042'])(
    'keep every digit of %s',
    (MessageID) => {
      const read = reading(source, mailjetWire({ ...bounce, MessageID }))
      expect(read.messageId).toBe(MessageID)
      expect(read.payload).toHaveProperty('MessageID', MessageID)
    },
  )

  it('tell two neighbours apart that are one number in JavaScript', () => {
    const ids = ['1152921531826433107', '1152921531826433108'].map(
      (MessageID) => reading(source, mailjetWire({ ...bounce, MessageID })).messageId,
    )
    expect(ids).toEqual(['1152921531826433107', '1152921531826433108'])
  })

  it('are strings when they are small', () => {
    const text = '{"event":"unsub","MessageID":5,"mj_campaign_id":0,"mj_contact_id":4,"mj_list_id":1}'
    const read = reading(source, text)
    expect(read.messageId).toBe('5')
    expect(read.payload).toEqual({
      event: 'unsub',
      MessageID: '5',
      mj_campaign_id: '0',
      mj_contact_id: '4',
      mj_list_id: '1',
    })
  })

  it('are the same when an element is read twice', () => {
    const element = JSON.parse('{"event":"sent","MessageID":5,"mj_campaign_id":7}')
    expect(provider.read(element)).toEqual(provider.read(element))
  })

  it('are strings in events we do not know', () => {
    expect(reading(source, '{"event":"typofix","MessageID":5}').payload).toEqual({ event: 'typofix', MessageID: '5' })
  })
})

describe('events we do not know', () => {
  it.each([
    ['{"event":"typofix","time":1433103519,"original_address":"a@b","new_address":"a@c"}', 'typofix'],
    ['{"event":"newsender"}', 'newsender'],
    ['{"event":"Sent"}', 'Sent'],
    ['{"event":"__proto__"}', '__proto__'],
    ['{"event":"constructor"}', 'constructor'],
    ['{"event":5}', '5'],
    ['{"event":{}}', 'unknown'],
    ['{"event":""}', 'unknown'],
    ['{"Sender":"a@b","Recipient":"c@d","Text-part":"hello"}', 'unknown'],
    ['{}', 'unknown'],
  ])('%s arrives as mailjet.unknown', (text, nativeType) => {
    const read = reading(source, text)
    expect(read).toMatchObject({ name: 'mailjet.unknown', nativeType, type: 'unknown', category: 'other' })
    expect(read).toMatchObject({ effect: 'none', details: null, payload: JSON.parse(text) })
  })

  it('still tell whom and when they are about', () => {
    const text = mailjetWire({ ...bounce, event: 'newsender', hard_bounce: [{}] })
    expect(reading(source, text)).toMatchObject({
      name: 'mailjet.unknown',
      recipient: 'jo@shop.example',
      messageId: '1152921540137429011',
      occurredAt: 1_780_000_000_000,
    })
  })
})

describe('what cannot be read', () => {
  it.each(['null', 'true', '7', '"sent"', '[]', '[{"event":"sent"}]'])('%s is no event', (text) => {
    expect(readText(source, text)).toEqual({ unreadable: 'expected object', path: '' })
  })

  it.each([
    ['email', { a: 1 }],
    ['time', [1]],
    ['MessageID', {}],
    ['hard_bounce', { value: true }],
    ['comment', ['550']],
  ])('a %s of a wrong type is named, not shown', (name, value) => {
    const result = readText(source, mailjetWire({ ...bounce, [name]: value }))
    expect(result).toEqual({ unreadable: expect.stringMatching(/^expected /), path: `/${name}` })
    expect(JSON.stringify(result)).not.toMatch(/550|jo@shop/)
  })
})

describe('any input', () => {
  const events = fc.constantFrom('sent', 'open', 'click', 'bounce', 'blocked', 'spam', 'unsub', 'other')
  const names = Object.keys(mailjetSamples).flatMap((name) =>
    Object.values(mailjetSamples[name as keyof typeof mailjetSamples]).flatMap((fields) => Object.keys(fields)),
  )
  const fields = fc.dictionary(fc.constantFrom(...new Set(names), '__proto__', 'x'), fc.jsonValue())

  it('is answered, never thrown at', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything({ withBigInt: true, withDate: true }), fc.jsonValue()), (value) => {
        const result = provider.read(value)
        expect('unreadable' in result || provider.catalogue.has(result.name)).toBe(true)
      }),
    )
  })

  it('of known names gives what the catalogue announces', () => {
    fc.assert(
      fc.property(events, fields, (event, rest) => {
        const result = provider.read({ ...rest, event })
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
