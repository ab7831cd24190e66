import { describe, expect, it } from 'vitest'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { esputnikSamples, esputnikWire } from '../../../src/providers/esputnik/samples.ts'
import type { EventDetails } from '../../../src/types.ts'
import { auth, reading } from '../support.ts'

const source = esputnik({ auth })

function undelivered(fields: object) {
  const sample = esputnikSamples['esputnik.undelivered'].bounced
  const { type, effect, details } = reading(source, esputnikWire({ ...sample, ...fields }))
  expect(type).toBe('bounced')
  return { effect, ...(details as EventDetails['bounced']) }
}

describe('UNDELIVERED', () => {
  it('has the words of the sender and the codes in them', () => {
    const text = 'smtp;550 5.1.1 <jo@shop.example>: Recipient address rejected'
    expect(undelivered({})).toEqual({
      effect: 'suppress',
      bounce: { kind: 'hard', class: null, reason: text, alreadySuppressed: false },
      smtp: { code: 550, enhanced: '5.1.1', text },
    })
  })

  it.each([
    ['5.1.2 (bad destination system: no such domain)', 'hard suppress'],
    ['smtp;554 5.7.1 Spam message rejected; If this is not spam contact abuse', 'block none'],
    ['550 5.1.1 unknown user', 'hard suppress'],
    ['550 5.1.10 null MX', 'hard suppress'],
    ['550 5.2.1 disabled', 'hard suppress'],
    ['552 5.2.2 mailbox full', 'hard none'],
    ['550 5.1.8 bad sender', 'hard none'],
    ['554 5.6.0 content', 'hard none'],
    ['451 4.3.0 try later', 'soft none'],
    ['450 4.7.1 greylisted', 'soft none'],
    ['550 no enhanced code', 'undetermined none'],
    ['mailbox unavailable', 'undetermined none'],
    ['', 'undetermined none'],
    [undefined, 'undetermined none'],
  ])('%j is %s', (statusDescription, expected) => {
    const { bounce, effect } = undelivered({ statusDescription })
    expect(`${bounce.kind} ${effect}`).toBe(expected)
  })

  it.each([
    ['sms', 'IM_NO_MONEY'],
    ['viber', '401: null'],
    ['viber', '550 5.1.1 looks like SMTP'],
  ])('of %s has no SMTP reply in %j', (mediaType, statusDescription) => {
    expect(undelivered({ mediaType, statusDescription })).toMatchObject({
      effect: 'none',
      bounce: { kind: 'undetermined', reason: statusDescription },
      smtp: null,
    })
  })

  it.each([
    [true, true],
    [false, false],
    ['true', true],
    [undefined, null],
    ['', null],
  ])('with hardBounce %j says alreadySuppressed %s and nothing about permanence', (hardBounce, expected) => {
    const { bounce, effect } = undelivered({ hardBounce, statusDescription: '452 4.2.2 over quota' })
    expect(bounce).toMatchObject({ kind: 'soft', alreadySuppressed: expected })
    expect(effect).toBe('none')
  })
})
