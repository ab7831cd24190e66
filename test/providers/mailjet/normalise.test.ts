import { describe, expect, it } from 'vitest'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { mailjetSamples, mailjetWire } from '../../../src/providers/mailjet/samples.ts'
import { auth, reading } from '../support.ts'

const source = mailjet({ auth })
const read = (fields: object) => reading(source, mailjetWire({ ...fields }))

const client = { ip: '203.0.113.7', country: 'FR', region: null, city: null }
const userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const visit = { userAgent, client, automation: { prefetched: null, proxied: null }, automated: null }

describe('what all events have', () => {
  it.each(Object.entries(mailjetSamples))('is read from %s', (name, samples) => {
    for (const [type, fields] of Object.entries(samples))
      expect(read(fields)).toMatchObject({
        name,
        nativeType: name.slice('mailjet.'.length),
        type,
        senderEventId: null,
        occurredAt: 1_780_000_000_000,
        occurredAtFrom: 'sender',
        recipient: 'jo@shop.example',
        channel: 'email',
        messageId: '1152921540137429011',
        transmissionId: null,
        tags: ['spring-sale', 'order-4711'],
        metadata: { order: 4711 },
        isTest: false,
      })
  })

  it('keeps the payload whole, with its identifiers as strings', () => {
    const sample = mailjetSamples['mailjet.unsub'].unsubscribed
    expect(read({ ...sample, added_2030: { a: [1] } }).payload).toEqual({ ...sample, added_2030: { a: [1] } })
  })

  it.each([
    ['{"a":{"b":[1]}}', { a: { b: [1] } }],
    [' {"id":19421777396190491} ', { id: '19421777396190491' }],
    ['{"__proto__":{"polluted":1}}', JSON.parse('{"__proto__":{"polluted":1}}')],
    ['{}', {}],
    ['', {}],
    ['{broken', {}],
    ["{'single': 'quotes'}", {}],
    ['{"a":1}{"b":2}', {}],
    ['[{"a":1}]', {}],
    ['"text"', {}],
    ['17', {}],
    ['a,b;c', {}],
    [`{"a":${'['.repeat(40)}${']'.repeat(40)}}`, {}],
    [`{${Array.from({ length: 30_000 }, (_, n) => `"${n}":0`).join(',')}}`, {}],
    [null, {}],
    [7, {}],
  ])('has the metadata that Payload is, case %#', (Payload, metadata) => {
    const reading = read({ ...mailjetSamples['mailjet.sent'].delivered, Payload })
    expect(reading.metadata).toEqual(metadata)
    expect(reading.payload).toHaveProperty('Payload', Payload)
  })

  it.each([
    ['spring', 'order-1', ['spring', 'order-1']],
    ['mj.nl=10755340', '', ['mj.nl=10755340']],
    ['', 'order-1', ['order-1']],
    [null, undefined, []],
    ['', '', []],
  ])('has the campaign %j and the custom id %j as tags', (customcampaign, CustomID, tags) => {
    expect(read({ ...mailjetSamples['mailjet.sent'].delivered, customcampaign, CustomID }).tags).toEqual(tags)
  })
})

describe('details, category and effect', () => {
  it('sent is delivered, with the reply', () => {
    expect(read(mailjetSamples['mailjet.sent'].delivered)).toMatchObject({
      category: 'delivery',
      effect: 'none',
      details: { smtp: { code: 250, enhanced: '2.0.0', text: '250 2.0.0 Ok: queued as 4cQ2rL5Zz9z1' } },
    })
  })

  it('sent takes the reply out of its older wrapping', () => {
    const fields = { ...mailjetSamples['mailjet.sent'].delivered, smtp_reply: 'sent (250 2.0.0 OK (really) - mta)' }
    expect(read(fields).details).toEqual({
      smtp: { code: 250, enhanced: '2.0.0', text: '250 2.0.0 OK (really) - mta' },
    })
  })

  it.each(['', undefined, 'accepted'])('sent with the reply %j has no SMTP codes', (smtp_reply) => {
    expect(read({ ...mailjetSamples['mailjet.sent'].delivered, smtp_reply }).details).toEqual({ smtp: null })
  })

  it('open counts each display', () => {
    expect(read(mailjetSamples['mailjet.open'].opened)).toMatchObject({ category: 'engagement', effect: 'none' })
    expect(read(mailjetSamples['mailjet.open'].opened).details).toEqual({
      open: { pixel: 'bottom', amp: false, counts: true },
      ...visit,
    })
  })

  it('click has the link', () => {
    expect(read(mailjetSamples['mailjet.click'].clicked)).toMatchObject({ category: 'engagement', effect: 'none' })
    expect(read(mailjetSamples['mailjet.click'].clicked).details).toEqual({
      url: 'https://shop.example/sale?item=7',
      linkName: null,
      ...visit,
    })
  })

  it('spam asks to suppress', () => {
    expect(read(mailjetSamples['mailjet.spam'].complained)).toMatchObject({
      category: 'list',
      effect: 'suppress',
      details: null,
    })
  })

  it('unsub asks to unsubscribe', () => {
    const { category, effect, details } = read(mailjetSamples['mailjet.unsub'].unsubscribed)
    expect({ category, effect, details }).toEqual({
      category: 'list',
      effect: 'unsubscribe',
      details: { userAgent, client },
    })
  })

  it('empty texts of an unsubscribe by header are null', () => {
    const fields = { ...mailjetSamples['mailjet.unsub'].unsubscribed, agent: 'List-Unsubscribe', geo: '', ip: '' }
    expect(read(fields).details).toEqual({
      userAgent: 'List-Unsubscribe',
      client: { ip: null, country: null, region: null, city: null },
    })
  })
})

describe('time', () => {
  const occurredAt = (time: unknown) => read({ ...mailjetSamples['mailjet.sent'].delivered, time }).occurredAt

  it('is read from seconds as number or text', () => {
    expect([1_780_000_000, '1780000000', 1].map(occurredAt)).toEqual([1_780_000_000_000, 1_780_000_000_000, 1_000])
  })

  it.each([undefined, '', 0, -5, 'yesterday', '2026-01-01', 1e300, '99999999999999999999', true, null])(
    'is left open by %j',
    (time) => {
      expect(occurredAt(time)).toBeNull()
    },
  )

  it('never lies beyond what a Date can hold', () => {
    expect(new Date(occurredAt(8.64e12) ?? 0).getTime()).toBe(8.64e15)
    expect(occurredAt(8.64e12 + 1)).toBeNull()
  })
})
