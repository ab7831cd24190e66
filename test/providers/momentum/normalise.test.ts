import { describe, expect, it } from 'vitest'
import { momentum } from '../../../src/providers/momentum/index.ts'
import { momentumSamples, momentumWire } from '../../../src/providers/momentum/samples.ts'
import type { Category } from '../../../src/types.ts'
import { auth, reading } from '../support.ts'

type Name = keyof typeof momentumSamples

const source = momentum({ auth })
const read = (name: Name, fields: object) => reading(source, momentumWire(name, { ...fields }))

const delivery = momentumSamples['momentum.delivery'].delivered
const click = momentumSamples['momentum.click'].clicked
const client = { ip: '203.0.113.7', country: 'FR', region: 'IDF', city: 'Paris' }
const userAgent = click.user_agent
const human = { automation: { prefetched: false, proxied: false }, automated: false }

describe('what all events have', () => {
  const CATEGORIES: Readonly<Record<string, Category>> = {
    bounced: 'delivery',
    delivered: 'delivery',
    queued: 'delivery',
    message_status: 'delivery',
    rejected: 'delivery',
    deferred: 'delivery',
    failed: 'delivery',
    opened: 'engagement',
    clicked: 'engagement',
    complained: 'list',
    unsubscribed: 'list',
    subscribed: 'list',
    inbound: 'inbound',
    inbound_failed: 'inbound',
    inbound_delivered: 'inbound',
    system: 'system',
    autoresponded: 'other',
  }

  it.each(Object.entries(momentumSamples))('is read from %s', (name, samples) => {
    for (const [type, sample] of Object.entries(samples)) {
      const fields: Readonly<Record<string, unknown>> = sample
      expect(read(name as Name, fields)).toMatchObject({
        name,
        type,
        category: CATEGORIES[type],
        payload: fields,
        senderEventId: fields.event_id ?? null,
        occurredAt: name === 'momentum.relay_message' ? null : 1_780_000_000_000,
        occurredAtFrom: 'sender',
        recipient: fields.raw_rcpt_to ?? fields.rcpt_to ?? fields.sms_dst ?? null,
        channel: name === 'momentum.sms_status' ? 'sms' : type === 'system' ? 'other' : 'email',
        messageId: fields.message_id ?? null,
        transmissionId: fields.transmission_id ?? null,
        tags: fields.rcpt_tags ?? [],
        metadata: fields.rcpt_meta ?? {},
        isTest: false,
      })
    }
  })

  it('has the words of the sender', () => {
    expect(read('momentum.click', click).nativeType).toBe('track_event.click')
    expect(read('momentum.ingest_error', momentumSamples['momentum.ingest_error'].system).nativeType).toBe(
      'ingest_event.error',
    )
  })

  it('keeps the payload whole, with what no schema lists', () => {
    expect(read('momentum.click', { ...click, added_2030: { a: [1] } }).payload).toEqual({
      ...click,
      added_2030: { a: [1] },
    })
  })

  it('turns identifiers into strings, small ones and those beyond 2^53', () => {
    const text =
      '{"type":"click","customer_id":1,"event_id":92356927693813857,"message_id":9007199254740993,"bounce_class":10}'
    const { payload, senderEventId, messageId } = reading(source, text)
    expect(payload).toEqual({
      type: 'click',
      customer_id: '1',
      event_id: '92356927693813857',
      message_id: '9007199254740993',
      bounce_class: 10,
    })
    expect({ senderEventId, messageId }).toEqual({ senderEventId: '92356927693813857', messageId: '9007199254740993' })
  })

  it('turns identifiers of unknown events into strings as well', () => {
    expect(reading(source, '{"type":"hovered","customer_id":1}').payload).toEqual({ type: 'hovered', customer_id: '1' })
  })

  it('takes the 0 and the list of Momentum before 4.2.40 for empty', () => {
    const empty = {
      event_id: 0,
      message_id: 0,
      transmission_id: [],
      raw_rcpt_to: 0,
      rcpt_to: [],
      rcpt_tags: 0,
      rcpt_meta: [],
      timestamp: 0,
    }
    expect(read('momentum.delivery', { ...delivery, ...empty })).toMatchObject({
      senderEventId: null,
      messageId: null,
      transmissionId: null,
      recipient: null,
      tags: [],
      metadata: {},
      occurredAt: null,
    })
  })

  it('leaves out tags that are no text', () => {
    expect(read('momentum.click', { ...click, rcpt_tags: ['a', 5, null, 'b'] }).tags).toEqual(['a', 'b'])
  })
})

describe('time', () => {
  it.each([
    ['1460989507', 1_460_989_507_000],
    ['1411751722.079', 1_411_751_722_079],
    [1427736822, 1_427_736_822_000],
    [1427736822.5, 1_427_736_822_500],
    ['2016-04-18T14:25:07.000Z', 1_460_989_507_000],
    ['2016-04-18T16:25:07+02:00', 1_460_989_507_000],
    ['2016-04-18T14:25:07', null],
    // What is no time as seconds, core looks at.
    ['1460989507000', 1_460_989_507_000_000],
    [1460989507000, 1_460_989_507_000_000],
    ['1460989507000.5', 1_460_989_507_000_500],
    ['14609895070000', null],
    ['0', null],
    ['', null],
    ['-5', null],
    ['0x10', null],
    [' 1460989507', null],
    ['1460989507.', null],
    [Number.MAX_VALUE, null],
    [true, null],
    [[], null],
  ])('%j is %j', (timestamp, occurredAt) => {
    expect(read('momentum.delivery', { ...delivery, timestamp }).occurredAt).toBe(occurredAt)
  })
})

describe('tests of the vendor', () => {
  it.each(['92356927693813856', '0e5cf1fc-cb36-4c39-b695-3651b6ea6563'])('are told by the sample id %s', (event_id) => {
    expect(read('momentum.click', { ...click, event_id }).isTest).toBe(true)
  })

  const SMS = { sms_dst: '7876712656', sms_text: 'lol', timestamp: '1460989507' }
  const ELITE = { message_id: '0e0d94b7-9085-4e3c-ab30-e3f2cd9c273e', rcpt_to: 'recipient@example.com' }

  it.each([
    ['momentum.sms_status', SMS, true],
    ['momentum.sms_status', { ...SMS, sms_text: 'hello' }, false],
    ['momentum.click', ELITE, true],
    ['momentum.click', { ...ELITE, message_id: '0000632c8b54d53f0a00', rcpt_to: 'jo@shop.example' }, false],
    ['momentum.click', { ...ELITE, event_id: '84320004216718905' }, false],
    ['momentum.relay_message', { webhook_id: '4839201967643219', rcpt_to: 'you@there.com' }, true],
    ['momentum.delivery', { message_id: 5, transmission_id: null }, false],
  ] as const)('of %s without an id are told by two of the other constants: %j', (name, fields, isTest) => {
    expect(read(name, fields).isTest).toBe(isTest)
  })

  it('are told by the sample id as a number as well', () => {
    expect(reading(source, '{"type":"click","event_id":92356927693813856}').isTest).toBe(true)
  })
})

describe('channel and recipient', () => {
  it.each([
    ['apn', 'push', 'token-1'],
    ['gcm', 'push', 'token-1'],
    ['smpp', 'sms', '33612345678'],
    ['esmtp', 'email', 'Jo@shop.example'],
  ])('delv_method %s decides: %s', (delv_method, channel, recipient) => {
    const fields = { ...delivery, delv_method, device_token: 'token-1', sms_dst: '33612345678' }
    expect(read('momentum.delivery', fields)).toMatchObject({ channel, recipient })
  })

  const { delv_method: _, ...injection } = { ...momentumSamples['momentum.injection'].queued, delv_method: '' }
  const nobody = { rcpt_to: '', raw_rcpt_to: '' }
  const token = { device_token: 't' }
  const phone = { sms_dst: '336' }

  it.each([
    ['a mail address', { ...token, ...phone }, 'email', 'Jo@shop.example'],
    ['rcpt_to alone', { raw_rcpt_to: '', ...phone }, 'email', 'jo@shop.example'],
    ['protocol smpp before it', { protocol: 'smpp', ...phone }, 'sms', '336'],
    ['how it goes out before that', { protocol: 'smpp', delv_method: 'esmtp', ...phone }, 'email', 'Jo@shop.example'],
    ['an envelope recipient that is no address', { rcpt_to: '336', raw_rcpt_to: '', ...phone }, 'sms', '336'],
    ['a token', { ...nobody, ...token, ...phone }, 'push', 't'],
    ['a number', { ...nobody, ...phone }, 'sms', '336'],
    ['nothing', nobody, 'email', null],
  ])('where nothing says how it goes out, %s decides', (_what, fields, channel, recipient) => {
    expect(read('momentum.injection', { ...injection, ...fields })).toMatchObject({ channel, recipient })
  })

  it.each(['momentum.ab_test_completed', 'momentum.ingest_error', 'momentum.ad_status'] as const)(
    '%s is of no channel without a recipient',
    (name) => {
      const sample = momentumSamples[name].system
      expect(read(name, sample)).toMatchObject({ channel: 'other', recipient: null })
      expect(read(name, { ...sample, rcpt_to: 'jo@shop.example' })).toMatchObject({ channel: 'email' })
    },
  )

  it('sms_status is of sms even where its sample says esmtp', () => {
    const status = momentumSamples['momentum.sms_status'].message_status
    expect(read('momentum.sms_status', { ...status, delv_method: 'esmtp' }).channel).toBe('sms')
  })

  it('a relayed short message goes to its destination', () => {
    const sms = { protocol: 'smpp', text: 'STOP', to: '4711', from: '33612345678' }
    expect(read('momentum.relay_message', sms)).toMatchObject({ channel: 'sms', recipient: '4711' })
  })

  it('rcpt_to stands in for raw_rcpt_to', () => {
    expect(read('momentum.click', { ...click, raw_rcpt_to: '' }).recipient).toBe('jo@shop.example')
  })
})

describe('details and effects', () => {
  it('a delivery has none of an SMTP reply', () => {
    expect(read('momentum.delivery', delivery)).toMatchObject({ effect: 'none', details: { smtp: null } })
  })

  it('a click has its link and its client', () => {
    expect(read('momentum.click', click)).toMatchObject({
      effect: 'none',
      details: { url: click.target_link_url, linkName: 'sale', userAgent, client, ...human },
    })
    expect(read('momentum.amp_click', momentumSamples['momentum.amp_click'].clicked).details).toEqual(
      read('momentum.click', click).details,
    )
  })

  it.each([
    ['momentum.open', 'bottom', false],
    ['momentum.initial_open', 'top', false],
    ['momentum.amp_open', 'bottom', true],
    ['momentum.amp_initial_open', 'top', true],
  ] as const)('%s is of the %s pixel, amp %s', (name, pixel, amp) => {
    const counts = (initial_pixel: unknown) => {
      const { details, effect } = read(name, { ...momentumSamples[name].opened, initial_pixel })
      expect({ details, effect }).toMatchObject({
        effect: 'none',
        details: { open: { pixel, amp }, userAgent, client, ...human },
      })
      return (details as { open: { counts: boolean } }).open.counts
    }
    const top = pixel === 'top'
    expect([true, '1', 1, 'true'].map(counts)).toEqual([top, top, top, top])
    expect([false, '0', null, undefined].map(counts)).toEqual([true, true, true, true])
  })

  it.each([
    [{ is_prefetched: true, is_proxy: false }, true, false, true],
    [{ is_prefetched: false, is_proxy: '1' }, false, true, true],
    [{ is_prefetched: false }, false, null, false],
    [{ is_proxy: 'odd' }, null, null, null],
    [{}, null, null, null],
    [null, null, null, null],
  ])('machines are told by %j', (user_agent_parsed, prefetched, proxied, automated) => {
    const { details } = read('momentum.click', { ...click, user_agent_parsed })
    expect(details).toMatchObject({ automation: { prefetched, proxied }, automated })
  })

  it('a client without a place has its address', () => {
    const { geo_ip, ...rest } = click
    expect(read('momentum.click', rest).details).toMatchObject({
      client: { ip: client.ip, country: null, region: null, city: null },
    })
    expect(read('momentum.click', { ...click, geo_ip: { ...geo_ip, city: '' } }).details).toMatchObject({
      client: { city: null },
    })
  })

  it('unsubscribes ask for unsubscription, with their client', () => {
    const link = momentumSamples['momentum.link_unsubscribe'].unsubscribed
    const ip = { ip: '203.0.113.7', country: null, region: null, city: null }
    expect(read('momentum.link_unsubscribe', link)).toMatchObject({
      effect: 'unsubscribe',
      details: { userAgent, client: ip },
    })
    const list = momentumSamples['momentum.list_unsubscribe'].unsubscribed
    expect(read('momentum.list_unsubscribe', list)).toMatchObject({
      effect: 'unsubscribe',
      details: { userAgent: null, client: ip },
    })
  })

  it('a complaint asks for suppression', () => {
    const complaint = momentumSamples['momentum.spam_complaint'].complained
    expect(read('momentum.spam_complaint', complaint)).toMatchObject({ effect: 'suppress', details: null })
  })

  it('nothing else asks for anything', () => {
    const asking = Object.entries(momentumSamples).flatMap(([name, samples]) =>
      Object.entries(samples)
        .filter(([, fields]) => read(name as Name, fields as object).effect !== 'none')
        .map(([type]) => `${name} ${type}`),
    )
    expect(asking).toEqual([
      'momentum.bounce bounced',
      'momentum.bounce unsubscribed',
      'momentum.spam_complaint complained',
      'momentum.out_of_band bounced',
      'momentum.out_of_band unsubscribed',
      'momentum.list_unsubscribe unsubscribed',
      'momentum.link_unsubscribe unsubscribed',
    ])
  })
})
