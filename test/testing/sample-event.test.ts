import { describe, expect, it } from 'vitest'
import { handlerContext, type KnownName, sampleEvent } from '../../src/testing/index.ts'
import { NAMES, senderOf } from '../../src/testing/senders.ts'

/** Every (name, type) there is a sample of. */
const PAIRS = NAMES.flatMap((name) => Object.keys(senderOf(name).samples[name] ?? {}).map((type) => ({ name, type })))

const sample = (name: string, payload: object = {}, options: object = {}) =>
  sampleEvent(name as KnownName, payload, options)

describe('sampleEvent', () => {
  it('has a sample for every name and type of every catalogue, and no other', () => {
    const catalogued = NAMES.flatMap((name) =>
      (senderOf(name).provider.catalogue.get(name) ?? []).map((type) => ({ name, type })),
    )
    expect(PAIRS.map(({ name, type }) => `${name} ${type}`).sort()).toEqual(
      catalogued.map(({ name, type }) => `${name} ${type}`).sort(),
    )
    for (const provider of new Set(NAMES.map((name) => senderOf(name).provider)))
      expect(NAMES).toEqual(expect.arrayContaining([...provider.catalogue.keys()]))
  })

  it.each(PAIRS)('makes $name, $type', ({ name, type }) => {
    const event = sample(name, {}, { as: type })
    const [provider] = name.split('.')
    expect(event).toMatchObject({ name, type, provider, source: provider, isTest: false, isReplay: false, run: null })
    expect(event.id).toMatch(/^d_[0-9a-z]+\.0$/)
    expect(event.delivery).toMatchObject({ id: event.id.slice(0, -2), index: 0, size: 1 })
  })

  it.each(PAIRS)('makes $name, $type, anew each time', ({ name, type }) => {
    const [one, other] = [sample(name, {}, { as: type }), sample(name, {}, { as: type })]
    expect(one.id).not.toBe(other.id)
    if (one.senderEventId !== null) expect(one.senderEventId).not.toBe(other.senderEventId)
    if (one.messageId !== null) expect(one.messageId).not.toBe(other.messageId)
  })

  it.each(PAIRS)('happens now: $name, $type', ({ name, type }) => {
    const before = Math.floor(Date.now() / 1000) * 1000
    const { occurredAt, receivedAt } = sample(name, {}, { as: type })
    expect(occurredAt.getTime()).toBeGreaterThanOrEqual(before)
    expect(occurredAt.getTime()).toBeLessThanOrEqual(receivedAt.getTime())
  })

  it('takes fields of the payload over those of the sample', () => {
    const event = sampleEvent('mailjet.click', { email: 'ann@shop.example', url: 'https://shop.example/b' })
    expect(event).toMatchObject({ type: 'clicked', email: 'ann@shop.example', url: 'https://shop.example/b' })
    expect(event.payload).toMatchObject({ event: 'click', email: 'ann@shop.example', geo: 'FR' })
  })

  it('gives the recipient of Momentum in both spellings, whichever is set', () => {
    const { email, payload } = sampleEvent('momentum.bounce', { rcpt_to: 'ann@shop.example' })
    expect([email, payload.raw_rcpt_to]).toEqual(['ann@shop.example', 'ann@shop.example'])
    const other = sampleEvent('momentum.open', { raw_rcpt_to: 'Ann@shop.example' })
    expect([other.recipient, other.payload.rcpt_to]).toEqual(['Ann@shop.example', 'ann@shop.example'])
    const both = sampleEvent('momentum.open', { rcpt_to: 'a@shop.example', raw_rcpt_to: 'A@shop.example' })
    expect([both.recipient, both.payload.rcpt_to]).toEqual(['A@shop.example', 'a@shop.example'])
    expect([other.email, both.email]).toEqual(['ann@shop.example', 'a@shop.example'])
  })

  it('keeps identifiers beyond 2^53 to the digit', () => {
    const event = sampleEvent('mailjet.open', { MessageID: '19421777396190491' })
    expect(event.messageId).toBe('19421777396190491')
    expect(event.payload.MessageID).toBe('19421777396190491')
    expect(sampleEvent('esputnik.read', { contactId: '7' }).payload.contactId).toBe('7')
  })

  it('lets the payload decide the type where nothing else does', () => {
    expect(sampleEvent('mailjet.bounce').type).toBe('bounced')
    expect(sampleEvent('mailjet.bounce', { error: 'greylisted', hard_bounce: false }).type).toBe('deferred')
  })

  it('refuses a payload that makes another type than asked for', () => {
    expect(() => sampleEvent('mailjet.bounce', { hard_bounce: true }, { as: 'deferred' })).toThrow(
      expect.objectContaining({
        code: 'ERR_OPTION',
        message: 'with this payload, mailjet.bounce is "bounced", not "deferred"',
      }),
    )
  })

  it('refuses a payload that makes another event, or none', () => {
    expect(() => sample('mailjet.open', { event: 'click' })).toThrow('the payload makes mailjet.click of it')
    expect(() => sample('mailjet.open', { email: { at: 'x' } })).toThrow(
      expect.objectContaining({ code: 'ERR_OPTION', message: expect.stringContaining('at /email') }),
    )
  })

  it('refuses a type that the name cannot have, with those it can', () => {
    expect(() => sample('mailjet.bounce', {}, { as: 'opened' })).toThrow('its normalised types are bounced, deferred')
  })

  it.each([
    ['mailjet.clik', 'mailjet.click'],
    ['mailjet.block', 'mailjet.blocked'],
    ['momentum.track_event.click', 'momentum.click'],
    ['sparkpost.bounce', 'momentum.bounce'],
    ['esputnik.CLICKED', 'esputnik.clicked'],
  ])('refuses %s, and says %s', (name, meant) => {
    const message = expect.stringContaining(`did you mean "${meant}"?`)
    expect(() => sample(name)).toThrow(expect.objectContaining({ code: 'ERR_PATTERN', message }))
  })

  it('refuses what is no source, and options nobody reads', () => {
    expect(() => sample('mailjet.open', {}, { source: 'My Shop' })).toThrow('source must be the name of a source')
    expect(() => sample('mailjet.open', {}, { sorce: 'shop' })).toThrow('has no option "sorce"')
  })

  it('comes to the source it is given', () => {
    expect(sampleEvent('mailjet.open', {}, { source: 'news' }).source).toBe('news')
  })

  it('does not touch the samples or the payload it is given', () => {
    const payload = Object.freeze({ CustomID: 'mine' })
    sampleEvent('mailjet.open', payload)
    expect(sampleEvent('mailjet.open').payload.CustomID).toBe('order-4711')
  })
})

describe('handlerContext', () => {
  it('is that of a first attempt that nobody stops', () => {
    const context = handlerContext()
    expect(context).toMatchObject({ attempt: 1, handler: 'test', outOfOrder: false })
    expect(context.signal.aborted).toBe(false)
  })

  it('takes what it is given', () => {
    const signal = AbortSignal.abort()
    expect(handlerContext({ attempt: 3, handler: 'suppress', signal })).toEqual({
      attempt: 3,
      handler: 'suppress',
      outOfOrder: false,
      signal,
    })
  })
})
