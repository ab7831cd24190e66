import { describe, expect, it } from 'vitest'
import { OptionError } from '../../../src/errors.ts'
import { port } from '../../../src/lib/symbols.ts'
import { esputnik } from '../../../src/providers/esputnik/index.ts'
import { esputnikSamples } from '../../../src/providers/esputnik/samples.ts'
import { auth } from '../support.ts'

describe('esputnik', () => {
  it('gives a frozen source with its auth and limit', () => {
    const source = esputnik({ auth, timeZone: 'UTC', limits: { bodyBytes: 1_000_000 } })
    expect(source.provider).toBe('esputnik')
    expect(source[port]).toMatchObject({ auth, bodyBytes: 1_000_000 })
    expect([source, source[port], source[port].provider].every(Object.isFrozen)).toBe(true)
  })

  it('answers GET and an empty list, and has no batch ids', () => {
    expect(esputnik({ auth })[port].provider).toMatchObject({
      name: 'esputnik',
      probes: ['[]'],
      answersGet: true,
      batchIdHeader: null,
      testBatchIds: new Set(),
    })
  })

  it('announces every name with its types, and unknown', () => {
    expect(Object.fromEntries(esputnik({ auth })[port].provider.catalogue)).toEqual({
      'esputnik.sent': ['sent'],
      'esputnik.delivered': ['delivered'],
      'esputnik.undelivered': ['bounced'],
      'esputnik.read': ['opened'],
      'esputnik.clicked': ['clicked'],
      'esputnik.unsubscribed': ['unsubscribed'],
      'esputnik.spam': ['complained'],
      'esputnik.subscription_changed': ['preferences_changed'],
      'esputnik.unknown': ['unknown'],
    })
  })

  it('has a sample for every name and type', () => {
    const samples = Object.entries(esputnikSamples).map(([name, byType]) => [name, Object.keys(byType)])
    const { catalogue } = esputnik({ auth })[port].provider
    expect([...samples, ['esputnik.unknown', ['unknown']]]).toEqual([...catalogue])
  })

  it('has a notice for the operator only while the zone is not given', () => {
    expect(esputnik({ auth })[port].notices).toEqual([expect.stringContaining('timeZone')])
    for (const timeZone of ['UTC', 'Europe/Kyiv']) expect(esputnik({ auth, timeZone })[port].notices).toEqual([])
  })

  it.each(['Europe/Atlantis', '', 'Kyiv time', 7, null, {}])('refuses the zone %j', (timeZone) => {
    expect(() => esputnik({ auth, timeZone: timeZone as never })).toThrow(OptionError)
    expect(() => esputnik({ auth, timeZone: timeZone as never })).toThrow('timeZone')
  })

  it('refuses options that are none', () => {
    expect(() => esputnik({} as never)).toThrow(OptionError)
    expect(() => esputnik({ auth, limits: { bodyBytes: 0.5 } })).toThrow(OptionError)
  })
})
