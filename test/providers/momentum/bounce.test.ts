import { describe, expect, it } from 'vitest'
import { momentum } from '../../../src/providers/momentum/index.ts'
import { momentumSamples, momentumWire } from '../../../src/providers/momentum/samples.ts'
import { auth, reading } from '../support.ts'

const source = momentum({ auth })
const SAMPLES = {
  'momentum.bounce': momentumSamples['momentum.bounce'].bounced,
  'momentum.out_of_band': momentumSamples['momentum.out_of_band'].bounced,
  'momentum.delay': momentumSamples['momentum.delay'].deferred,
  'momentum.policy_rejection': momentumSamples['momentum.policy_rejection'].rejected,
  'momentum.generation_rejection': momentumSamples['momentum.generation_rejection'].rejected,
}
type Name = keyof typeof SAMPLES

const read = (name: Name, fields: object = {}) => {
  const { type, effect, details } = reading(source, momentumWire(name, { ...SAMPLES[name], ...fields }))
  return { type, effect, details: details as { bounce?: object; smtp?: object | null } | null }
}

describe.each(['momentum.bounce', 'momentum.out_of_band'] as const)('%s', (name) => {
  it.each([
    ['1', 'undetermined', 'none'],
    ['10', 'hard', 'suppress'],
    ['20', 'soft', 'none'],
    ['21', 'soft', 'none'],
    ['22', 'soft', 'none'],
    ['23', 'soft', 'none'],
    ['24', 'soft', 'none'],
    ['25', 'admin', 'none'],
    ['30', 'hard', 'suppress'],
    ['40', 'soft', 'none'],
    ['50', 'block', 'none'],
    ['51', 'block', 'none'],
    ['52', 'block', 'none'],
    ['53', 'block', 'none'],
    ['54', 'block', 'none'],
    ['70', 'soft', 'none'],
    ['11', 'undetermined', 'none'],
    ['constructor', 'undetermined', 'none'],
  ])('of class %s is %s, effect %s', (bounce_class, kind, effect) => {
    const bounce = { kind, class: bounce_class, reason: '550 5.1.1 User unknown', alreadySuppressed: null }
    const smtp = { code: 550, enhanced: '5.1.1', text: '550 5.1.1 User unknown' }
    expect(read(name, { bounce_class })).toEqual({ type: 'bounced', effect, details: { bounce, smtp } })
  })

  it.each([
    ['60', 'autoresponded', 'none', null],
    ['100', 'autoresponded', 'none', null],
    ['80', 'subscribed', 'none', null],
    [
      '90',
      'unsubscribed',
      'unsubscribe',
      { userAgent: null, client: { ip: null, country: null, region: null, city: null } },
    ],
  ])('of class %s is no bounce but %s', (bounce_class, type, effect, details) => {
    expect(read(name, { bounce_class })).toEqual({ type, effect, details })
  })

  it('takes the class as a number as well', () => {
    expect(read(name, { bounce_class: 10 })).toMatchObject({
      effect: 'suppress',
      details: { bounce: { kind: 'hard', class: '10' } },
    })
    expect(read(name, { bounce_class: 90 }).type).toBe('unsubscribed')
  })

  it.each([undefined, null, '', [], 0])('without a class (%j) is undetermined', (bounce_class) => {
    expect(read(name, { bounce_class }).details?.bounce).toMatchObject({ kind: 'undetermined', class: null })
  })

  it.each([
    ['25', 'Recipient address was suppressed due to customer policy', true],
    ['25', '554 5.7.1 Recipient address was suppressed due to system policy', true],
    ['25', 'Campaign cancelled', null],
    ['25', undefined, null],
    ['10', 'Recipient address was suppressed due to customer policy', true],
    [undefined, '554 5.7.1 recipient address was Suppressed due to customer policy', true],
    [undefined, '550 5.7.1 message suppressed by policy', null],
  ])('of class %s with "%s": already suppressed is %s', (bounce_class, reason, alreadySuppressed) => {
    const { effect, details } = read(name, { bounce_class, reason, raw_reason: reason })
    expect(details?.bounce).toMatchObject({ alreadySuppressed })
    expect(effect).toBe(bounce_class === '10' ? 'suppress' : 'none')
  })
})

describe('SMTP reply', () => {
  it.each([
    ['554', '554 5.7.1 no', 'no', { code: 554, enhanced: '5.7.1', text: '554 5.7.1 no' }],
    [554, undefined, '4.2.2 full', { code: 554, enhanced: '4.2.2', text: '4.2.2 full' }],
    ['Unregistered', 'gone', undefined, { code: null, enhanced: null, text: 'gone' }],
    ['1', undefined, undefined, null],
    ['', '', '', null],
    ['550', undefined, undefined, { code: 550, enhanced: null, text: null }],
    ['5500', 'x', undefined, { code: null, enhanced: null, text: 'x' }],
  ])('of code %j, raw text %j and text %j', (error_code, raw_reason, reason, smtp) => {
    for (const name of ['momentum.bounce', 'momentum.delay'] as const)
      expect(read(name, { error_code, raw_reason, reason }).details?.smtp).toEqual(smtp)
  })

  it('has the raw text, the bounce the canonical one', () => {
    const { details } = read('momentum.bounce', {
      raw_reason: '550-5.1.1 <jo@shop.example>\r\n550 5.1.1 gone',
      reason: 'gone',
    })
    expect(details).toMatchObject({
      bounce: { reason: 'gone' },
      smtp: { text: '550-5.1.1 <jo@shop.example>\r\n550 5.1.1 gone' },
    })
  })
})

describe('momentum.delay', () => {
  it.each([
    ['22', 'soft'],
    ['10', 'hard'],
    ['60', 'undetermined'],
    ['90', 'undetermined'],
  ])('of class %s is deferred, %s, without an effect', (bounce_class, kind) => {
    expect(read('momentum.delay', { bounce_class })).toMatchObject({
      type: 'deferred',
      effect: 'none',
      details: { bounce: { kind } },
    })
  })
})

describe.each(['momentum.policy_rejection', 'momentum.generation_rejection'] as const)('%s', (name) => {
  it('is rejected by the platform, without an effect', () => {
    expect(read(name)).toEqual({
      type: 'rejected',
      effect: 'none',
      details: {
        bounce: {
          kind: 'admin',
          class: '25',
          reason: 'Recipient address was suppressed due to customer policy',
          alreadySuppressed: true,
        },
      },
    })
  })

  it('is so without a class too, as Momentum sends it', () => {
    expect(read(name, { bounce_class: undefined }).details?.bounce).toMatchObject({
      kind: 'admin',
      class: null,
      alreadySuppressed: true,
    })
    expect(read(name, { bounce_class: undefined, reason: 'no', raw_reason: 'no' }).details?.bounce).toMatchObject({
      kind: 'admin',
      alreadySuppressed: null,
    })
  })

  it('keeps another class', () => {
    expect(read(name, { bounce_class: '51' }).details?.bounce).toMatchObject({ kind: 'block', class: '51' })
  })
})
