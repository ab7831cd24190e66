import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { port } from '../../../src/lib/symbols.ts'
import type { Reading } from '../../../src/ports/provider.ts'
import { momentum } from '../../../src/providers/momentum/index.ts'
import { momentumSamples } from '../../../src/providers/momentum/samples.ts'
import { auth, mutated } from '../support.ts'

const { read } = momentum({ auth })[port].provider

const known = (element: unknown): Reading => {
  const result = read(structuredClone(element))
  if ('unreadable' in result) throw new Error(`${result.unreadable} at ${result.path}`)
  return result
}

const click = momentumSamples['momentum.click'].clicked
const bounce = momentumSamples['momentum.bounce'].bounced

describe('shapes of an element', () => {
  it.each([
    ['msys, class and event', { msys: { track_event: click } }, 'track_event.click'],
    ['keys beside msys', { cust: { id: '1' }, msys: { track_event: click } }, 'track_event.click'],
    ['class and event', { track_event: click }, 'track_event.click'],
    ['class, event and a key beside', { track_event: click, cust: { id: '1' } }, 'track_event.click'],
    ['the bare event', click, 'click'],
    [
      'a key beside the class that is no event',
      { msys: { track_event: click, cust: { id: '1' } } },
      'track_event.click',
    ],
  ])('%s is read', (_shape, element, nativeType) => {
    expect(known(element)).toMatchObject({ name: 'momentum.click', nativeType, type: 'clicked', payload: click })
  })

  it.each([
    ['a number', 5, ''],
    ['null', null, ''],
    ['a list', [click], ''],
    ['an object without msys, class and type', { cust: { id: '1' } }, ''],
    ['an empty type', { type: '' }, ''],
    ['msys that is null', { msys: null }, '/msys'],
    ['msys that is a list', { msys: [] }, '/msys'],
    ['a class that holds a list', { msys: { track_event: [click] } }, '/msys/track_event'],
    ['a class that holds text', { relay_message: 'x' }, '/relay_message'],
  ])('%s is unreadable', (_shape, element, path) => {
    expect(read(element)).toEqual({ unreadable: expect.stringMatching(/^expected /), path })
  })

  it.each([
    ['two known classes', { msys: { track_event: click, message_event: bounce } }, '/msys'],
    ['a known class and another event', { msys: { track_event: click, future_event: { type: 'x' } } }, '/msys'],
    ['two unknown classes with a type', { msys: { a_event: { type: 'x' }, b_event: { type: 'y' } } }, '/msys'],
    ['two classes without msys', { track_event: click, message_event: bounce }, ''],
  ])('%s are unreadable: reading one would lose the other', (_shape, element, path) => {
    expect(read(element)).toEqual({ unreadable: 'expected one event, found several', path })
  })
})

describe('classes and types', () => {
  it.each([
    ['reception', 'message_event', 'momentum.injection'],
    ['inband', 'message_event', 'momentum.bounce'],
    ['permfail', 'message_event', 'momentum.bounce'],
    ['outofband', 'message_event', 'momentum.out_of_band'],
    ['tempfail', 'message_event', 'momentum.delay'],
    ['rejection', 'message_event', 'momentum.policy_rejection'],
    ['feedback', 'message_event', 'momentum.spam_complaint'],
    ['gen_fail', 'gen_event', 'momentum.generation_failure'],
    ['gen_rejection', 'gen_event', 'momentum.generation_rejection'],
    ['link', 'unsubscribe_event', 'momentum.link_unsubscribe'],
    ['list', 'unsubscribe_event', 'momentum.list_unsubscribe'],
  ])('the raw name %s is read, in its class and bare', (type, nativeClass, name) => {
    expect(known({ msys: { [nativeClass]: { type } } })).toMatchObject({ name, nativeType: `${nativeClass}.${type}` })
    expect(known({ type })).toMatchObject({ name, nativeType: type })
  })

  it.each(['adaptive_event', 'message_event', 'some_event'])(
    'ad_status and ad_adjust are read under %s',
    (nativeClass) => {
      for (const type of ['ad_status', 'ad_adjust'])
        expect(known({ msys: { [nativeClass]: { type } } })).toMatchObject({
          name: `momentum.${type}`,
          nativeType: `${nativeClass}.${type}`,
          type: 'system',
        })
    },
  )

  it.each([
    ['list_unsubscribe', 'message_event', 'momentum.list_unsubscribe', 'unsubscribed', 'unsubscribe'],
    ['link_unsubscribe', 'track_event', 'momentum.link_unsubscribe', 'unsubscribed', 'unsubscribe'],
    ['generation_failure', 'message_event', 'momentum.generation_failure', 'failed', 'none'],
    ['generation_rejection', 'message_event', 'momentum.generation_rejection', 'rejected', 'none'],
    ['open', 'message_event', 'momentum.open', 'opened', 'none'],
    ['spam_complaint', 'track_event', 'momentum.spam_complaint', 'complained', 'suppress'],
    ['bounce', 'future_event', 'momentum.bounce', 'bounced', 'none'],
    ['relay_permfail', 'ingest_event', 'momentum.relay_permfail', 'inbound_failed', 'none'],
  ])('%s is read in %s, with a remark', (type, nativeClass, name, normalised, effect) => {
    for (const element of [{ msys: { [nativeClass]: { type } } }, { [nativeClass]: { type } }])
      expect(known(element)).toMatchObject({
        name,
        nativeType: `${nativeClass}.${type}`,
        type: normalised,
        effect,
        remark: expect.stringContaining('read by its type'),
      })
  })

  it('is checked by the schema of its type, wherever it stands', () => {
    expect(read({ msys: { message_event: { type: 'click', target_link_url: {} } } })).toEqual({
      unreadable: 'click: expected string, number, boolean, null or empty list',
      path: '/msys/message_event/target_link_url',
    })
  })

  it('has no remark in its own class, bare, or as ad_status, whose class nobody knows', () => {
    for (const element of [
      { msys: { track_event: { type: 'open' } } },
      { type: 'open' },
      { msys: { future_event: { type: 'ad_status' } } },
    ])
      expect(known(element)).not.toHaveProperty('remark')
  })

  it.each(['link', 'list', 'feedback', 'inband', 'gen_fail'])('the raw name %s is of its own class only', (type) => {
    expect(known({ msys: { ingest_event: { type } } })).toMatchObject({ name: 'momentum.unknown', effect: 'none' })
  })

  it('success and error are of ingest_event only', () => {
    expect(known({ msys: { ingest_event: { type: 'error' } } }).name).toBe('momentum.ingest_error')
    expect(known({ msys: { message_event: { type: 'error' } } }).name).toBe('momentum.unknown')
    expect(known({ type: 'success' }).name).toBe('momentum.unknown')
  })

  it('a relay_message is told by its class, whatever its type', () => {
    for (const inner of [{}, { type: 'mail' }, { type: 7 }])
      expect(known({ msys: { relay_message: inner } })).toMatchObject({
        name: 'momentum.relay_message',
        nativeType: 'relay_message',
        type: 'inbound',
      })
  })

  it.each([
    [
      'an unknown type',
      { msys: { track_event: { type: 'hovered', x: 1 } } },
      'track_event.hovered',
      { type: 'hovered', x: 1 },
    ],
    ['an unknown class', { msys: { future_event: { type: 'x' } } }, 'future_event.x', { type: 'x' }],
    ['an unknown class without a type', { msys: { future: { x: 1 } } }, 'future', { x: 1 }],
    ['a missing type', { msys: { track_event: {} } }, 'track_event', {}],
    ['a type that is no text', { msys: { track_event: { type: 5 } } }, 'track_event', { type: 5 }],
    ['a bare event of unknown type', { type: 'hovered' }, 'hovered', { type: 'hovered' }],
    ['msys with what is no event', { msys: { a: 1, b: 2 } }, 'msys', { a: 1, b: 2 }],
    ['msys with one key that is no object', { msys: { a: 1 } }, 'msys', { a: 1 }],
    ['the type of a word that objects inherit', { type: 'constructor' }, 'constructor', { type: 'constructor' }],
  ])('%s is momentum.unknown', (_what, element, nativeType, payload) => {
    expect(known(element)).toMatchObject({
      name: 'momentum.unknown',
      type: 'unknown',
      category: 'other',
      nativeType,
      payload,
      effect: 'none',
      isTest: false,
      details: null,
    })
  })

  it('an empty msys in a batch is a test of unknown kind', () => {
    expect(known({ msys: {} })).toMatchObject({
      name: 'momentum.unknown',
      nativeType: 'msys',
      payload: {},
      isTest: true,
    })
  })

  it('an unknown event is read as far as its fields are those of all events', () => {
    expect(known({ msys: { future_event: { ...click, type: 'x', rcpt_tags: 'odd', timestamp: {} } } })).toMatchObject({
      senderEventId: click.event_id,
      recipient: click.raw_rcpt_to,
      messageId: click.message_id,
      tags: [],
      occurredAt: null,
    })
  })
})

describe('fields of a wrong type', () => {
  it.each([
    ['/msys/track_event/timestamp', { timestamp: {} }, 'expected string, number, boolean, null or empty list'],
    ['/msys/track_event/rcpt_meta', { rcpt_meta: 'x' }, 'expected object, empty list, null or 0'],
    ['/msys/track_event/rcpt_meta', { rcpt_meta: ['x'] }, 'expected object, empty list, null or 0'],
    ['/msys/track_event/rcpt_tags/1', { rcpt_tags: ['a', {}] }, 'expected string, number, boolean, null or empty list'],
    ['/msys/track_event/geo_ip/city', { geo_ip: { city: {} } }, 'expected string, number, boolean, null or empty list'],
    [
      '/msys/track_event/target_link_url',
      { target_link_url: ['x'] },
      'expected string, number, boolean, null or empty list',
    ],
  ])('make the element unreadable at %s', (path, fields, reason) => {
    const element = { msys: { track_event: { ...click, ...fields } } }
    expect(read(element)).toEqual({ unreadable: `track_event.click: ${reason}`, path })
  })

  it('are pointed at through a class of any name', () => {
    expect(read({ msys: { 'a/b~c': { type: 'ad_status', start: {} } } })).toEqual({
      unreadable: 'ad_status: expected string, number, boolean, null or empty list',
      path: '/msys/a~1b~0c/start',
    })
  })

  it('are not told with their value', () => {
    const secret = { mail: 'jo@shop.example' }
    const result = read({ msys: { track_event: { ...click, rcpt_to: secret, 'jo@shop.example': 1 } } })
    expect(JSON.stringify(result)).not.toContain('jo@')
    expect(result).toHaveProperty('path', '/msys/track_event/rcpt_to')
  })

  it.each([
    ['numbers for text', { subject: 5, num_retries: 0, msg_size: 1337, bounce_class: 10 }],
    ['flags as text and numbers', { open_tracking: '1', click_tracking: 0, initial_pixel: 'true' }],
    ['empty fields of Momentum before 4.2.40', { rcpt_meta: [], rcpt_tags: 0, campaign_id: [], subject: 0, geo_ip: 0 }],
    ['null', { rcpt_meta: null, rcpt_tags: null, subject: null, geo_ip: null, user_agent_parsed: null }],
    ['unknown fields', { added_2030: { a: [1] } }],
    ['digits beyond 2^53 as text in a number', { sms_segments: '18446744073709551616' }],
  ])('%s are let through', (_what, fields) => {
    expect(known({ msys: { track_event: { ...click, ...fields } } }).name).toBe('momentum.click')
  })
})

describe('read', () => {
  const isWhole = (result: ReturnType<typeof read>) =>
    'unreadable' in result
      ? typeof result.unreadable === 'string' && (result.path === null || typeof result.path === 'string')
      : Object.keys(result).filter((key) => key !== 'remark').length === 17 &&
        Object.values(result).every((value) => value !== undefined)

  it('gives a whole reading or says why not, for any JSON value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => isWhole(read(value))))
  })

  it('does so for any value at all', () => {
    const anything = fc.anything({
      withNullPrototype: true,
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
    })
    fc.assert(fc.property(anything, (value) => isWhole(read(value)) && isWhole(read({ msys: value }))))
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('event_id', 'timestamp', 'rcpt_tags', 'rcpt_meta', 'geo_ip'), anything),
        (fields) => isWhole(read({ msys: { track_event: { type: 'click', ...fields } } })),
      ),
    )
  })

  it('does so for samples with changed fields', () => {
    const samples = Object.values(momentumSamples).flatMap((byType) => Object.values(byType) as object[])
    const elements = samples.map((fields) => mutated({ ...fields }))
    fc.assert(
      fc.property(
        fc.oneof(...elements),
        (value) => isWhole(read(value)) && isWhole(read({ msys: { message_event: value } })),
      ),
      { numRuns: 500 },
    )
  })

  it('does so for proxies, throwing getters and frozen objects', () => {
    const hostile = [
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no')
          },
        },
      ),
      {
        msys: {
          track_event: {
            get type() {
              throw new Error('no')
            },
          },
        },
      },
      Object.freeze({ type: 'click', event_id: 5 }),
    ]
    for (const element of hostile)
      expect(read(element)).toEqual({ unreadable: 'the element cannot be read', path: null })
    expect(known({ type: 'click', event_id: 6 })).toMatchObject({ senderEventId: '6', recipient: null })
  })

  it('carries nothing over from the element before', () => {
    known({ msys: { track_event: click } })
    expect(known({ msys: { track_event: { type: 'click' } } })).toMatchObject({
      senderEventId: null,
      occurredAt: null,
      recipient: null,
      messageId: null,
      tags: [],
      metadata: {},
      details: { url: null, userAgent: null, client: { ip: null, country: null } },
    })
  })
})
