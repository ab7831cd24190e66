import { describe, expect, it } from 'vitest'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { esputnikSamples, esputnikWire } from '../../../src/providers/esputnik/samples.ts'
import { auth, reading } from '../support.ts'

const source = esputnik({ auth, timeZone: 'UTC' })
const read = (fields: object) => reading(source, esputnikWire({ ...fields }))
const delivered = esputnikSamples['esputnik.delivered'].delivered

const nobody = { ip: null, country: null, region: null, city: null }
const visit = {
  userAgent: null,
  client: nobody,
  automation: { prefetched: null, proxied: null },
  automated: null,
}

describe('what all events have', () => {
  it.each(Object.entries(esputnikSamples))('is read from %s', (name, samples) => {
    for (const [type, fields] of Object.entries(samples))
      expect(read(fields)).toMatchObject({
        name,
        nativeType: name.slice('esputnik.'.length).toUpperCase(),
        type,
        senderEventId: null,
        occurredAt: Date.UTC(2026, 4, 28, 23, 26, 40),
        occurredAtFrom: 'sender-without-zone',
        messageId: '9b2d7e14-6c1f-4c4e-9e0a-0d4a5b1f7a33',
        metadata: {},
        isTest: false,
      })
  })

  it('has the recipient, the message of the campaign and the tags', () => {
    expect(read(delivered)).toMatchObject({
      recipient: 'jo@shop.example',
      channel: 'email',
      transmissionId: '4702519',
      tags: ['orders', 'confirmation'],
    })
  })

  it('keeps the payload whole, with its identifiers as strings', () => {
    expect(read({ ...delivered, addedIn2030: { a: [1] } }).payload).toEqual({ ...delivered, addedIn2030: { a: [1] } })
  })

  it('needs no field but the status', () => {
    expect(read({ activityStatus: 'DELIVERED' })).toMatchObject({
      name: 'esputnik.delivered',
      recipient: null,
      channel: 'other',
      messageId: null,
      transmissionId: null,
      occurredAt: null,
      tags: [],
    })
  })
})

describe('details, category and effect', () => {
  const of = (fields: object) => {
    const { category, effect, details } = read(fields)
    return { category, effect, details }
  }

  it('SENT has none', () => {
    expect(of(esputnikSamples['esputnik.sent'].sent)).toEqual({ category: 'delivery', effect: 'none', details: null })
  })

  it('DELIVERED comes without a reply', () => {
    expect(of(delivered)).toEqual({ category: 'delivery', effect: 'none', details: { smtp: null } })
  })

  it('READ counts each display', () => {
    expect(of(esputnikSamples['esputnik.read'].opened)).toEqual({
      category: 'engagement',
      effect: 'none',
      details: { open: { pixel: 'bottom', amp: false, counts: true }, ...visit },
    })
  })

  it('CLICKED has the link', () => {
    const { clicked } = esputnikSamples['esputnik.clicked']
    const details = { url: 'https://shop.example/sale?item=7', linkName: null, ...visit }
    expect(of(clicked)).toEqual({ category: 'engagement', effect: 'none', details })
    expect(of({ ...clicked, clickEventLink: undefined }).details).toEqual({ ...details, url: null })
  })

  it('SPAM asks to suppress', () => {
    expect(of(esputnikSamples['esputnik.spam'].complained)).toEqual({
      category: 'list',
      effect: 'suppress',
      details: null,
    })
  })

  it('UNSUBSCRIBED asks to unsubscribe', () => {
    expect(of(esputnikSamples['esputnik.unsubscribed'].unsubscribed)).toEqual({
      category: 'list',
      effect: 'unsubscribe',
      details: { userAgent: null, client: nobody },
    })
  })
})

describe('SUBSCRIPTION_CHANGED', () => {
  const sample = esputnikSamples['esputnik.subscription_changed'].preferences_changed
  const subscriptions = (statusData: unknown) => read({ ...sample, statusData }).details

  it.each([
    ['objects, as in every example', { subscription: { subscriptions: ['TABLETS', 'LAPTOPS'] } }],
    ['the spelling of the older table', { subscripton: { subscriptons: ['TABLETS', 'LAPTOPS'] } }],
    ['either spelling at either place', { subscription: { subscriptons: ['TABLETS', 'LAPTOPS'] } }],
    ['lists, as documented', [{ subscription: [{ subscriptions: ['TABLETS', 'LAPTOPS'] }] }]],
    ['a list in the place of the object', { subscription: ['TABLETS', 'LAPTOPS'] }],
    ['keys that are numbers or empty', { subscription: { subscriptions: ['TABLETS', '', null, 'LAPTOPS'] } }],
  ])('reads %s', (_what, statusData) => {
    expect(subscriptions(statusData)).toEqual({ subscriptions: ['TABLETS', 'LAPTOPS'] })
  })

  it.each([[undefined], [null], [{}], [[]], [{ subscription: {} }], [{ subscription: { subscriptions: [] } }]])(
    'finds none in %j',
    (statusData) => {
      expect(subscriptions(statusData)).toEqual({ subscriptions: [] })
    },
  )
})

describe('tags', () => {
  it.each([
    ['1522397496', ['1522397496']],
    ['tag2, tag ,test', ['tag2', 'tag', 'test']],
    [',,a,', ['a']],
    ['', []],
    [undefined, []],
  ])('of %j are %j', (messageTag, tags) => {
    expect(read({ ...delivered, messageTag }).tags).toEqual(tags)
  })
})
