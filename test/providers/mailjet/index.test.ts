import { describe, expect, it } from 'vitest'
import { OptionError } from '../../../src/errors.ts'
import { port } from '../../../src/lib/symbols.ts'
import { mailjet } from '../../../src/providers/mailjet/index.ts'
import { mailjetSamples } from '../../../src/providers/mailjet/samples.ts'
import { auth } from '../support.ts'

describe('mailjet', () => {
  it('gives a frozen source with its auth and limit', () => {
    const source = mailjet({ auth, limits: { bodyBytes: 1_000_000 } })
    expect(source.provider).toBe('mailjet')
    expect(source[port]).toMatchObject({ auth, bodyBytes: 1_000_000 })
    expect([source, source[port], source[port].provider].every(Object.isFrozen)).toBe(true)
  })

  it('leaves the limit to the receiver when none is given', () => {
    expect(mailjet({ auth })[port].bodyBytes).toBeNull()
  })

  it('answers an empty list as a probe, has no batch ids and no GET', () => {
    expect(mailjet({ auth })[port].provider).toMatchObject({
      name: 'mailjet',
      probes: ['[]'],
      answersGet: false,
      batchIdHeader: null,
      testBatchIds: new Set(),
    })
  })

  it('announces every name with its types, and unknown', () => {
    expect(Object.fromEntries(mailjet({ auth })[port].provider.catalogue)).toEqual({
      'mailjet.sent': ['delivered'],
      'mailjet.open': ['opened'],
      'mailjet.click': ['clicked'],
      'mailjet.bounce': ['bounced', 'deferred'],
      'mailjet.blocked': ['rejected'],
      'mailjet.spam': ['complained'],
      'mailjet.unsub': ['unsubscribed'],
      'mailjet.unknown': ['unknown'],
    })
  })

  it('has a sample for every name and type', () => {
    const { catalogue } = mailjet({ auth })[port].provider
    const samples = Object.entries(mailjetSamples).map(([name, byType]) => [name, Object.keys(byType)])
    expect([...samples, ['mailjet.unknown', ['unknown']]]).toEqual([...catalogue])
  })

  it('refuses options that are none', () => {
    expect(() => mailjet({} as never)).toThrow(OptionError)
    expect(() => mailjet({ auth, limits: { bodyBytes: 0 } })).toThrow(OptionError)
  })
})
