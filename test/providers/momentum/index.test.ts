import { describe, expect, it } from 'vitest'
import { OptionError } from '../../../src/errors.ts'
import { port } from '../../../src/lib/symbols.ts'
import { momentum, sparkpost } from '../../../src/providers/momentum/index.ts'
import { momentumSamples } from '../../../src/providers/momentum/samples.ts'
import { auth } from '../support.ts'

describe.each([
  ['momentum', momentum],
  ['sparkpost', sparkpost],
])('%s', (name, factory) => {
  it('gives a frozen source with its auth and limit', () => {
    const source = factory({ auth, limits: { bodyBytes: 1_000_000 } })
    expect(source.provider).toBe('momentum')
    expect(source[port]).toMatchObject({ auth, bodyBytes: 1_000_000 })
    expect([source, source[port], source[port].provider].every(Object.isFrozen)).toBe(true)
  })

  it('leaves the limit to the receiver when none is given', () => {
    expect(factory({ auth })[port].bodyBytes).toBeNull()
  })

  it('refuses options that are none, by its own name', () => {
    expect(() => factory({} as never)).toThrow(OptionError)
    expect(() => factory({ auth, limits: { bodyBytes: 0.5 } })).toThrow(`${name}: limits.bodyBytes`)
    expect(() => factory({ auth, limit: {} } as never)).toThrow(OptionError)
  })
})

describe('the provider', () => {
  const { provider } = momentum({ auth })[port]

  it('knows the test POSTs, the batch id header and the batch id of tests', () => {
    expect(provider).toMatchObject({
      name: 'momentum',
      probes: ['[]', '[{"msys":{}}]', '{"msys":{}}'],
      answersGet: false,
      batchIdHeader: 'x-messagesystems-batch-id',
    })
    expect([...provider.testBatchIds]).toEqual(['77c2b630-d712-11e4-9642-efc2723b99c1'])
  })

  it('writes its probes without white space, so that they can be compared as bytes', () => {
    for (const probe of provider.probes) expect(JSON.stringify(JSON.parse(probe))).toBe(probe)
  })

  it('has a sample for every name and type it announces, but unknown', () => {
    const samples = Object.entries(momentumSamples).map(([name, byType]) => [name, Object.keys(byType).sort()])
    const announced = [...provider.catalogue].map(([name, types]) => [name, [...types].sort()])
    expect([...samples, ['momentum.unknown', ['unknown']]]).toEqual(announced)
  })
})

it('lets the cloud wait as long as it does: 8 s, and Momentum as long as the receiver says', () => {
  expect(sparkpost({ auth })[port].ackWithinMs).toBe(8_000)
  expect(sparkpost({ auth, ackWithinMs: 2_000 })[port].ackWithinMs).toBe(2_000)
  expect(momentum({ auth })[port].ackWithinMs).toBeNull()
})
