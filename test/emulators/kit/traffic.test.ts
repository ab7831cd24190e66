import { describe, expect, it } from 'vitest'
import { Tasks, virtualClock } from '../../../src/emulators/kit/clock.ts'
import { LIFE_MS, lifeOf, type Step } from '../../../src/emulators/kit/life-cycle.ts'
import { messageOf } from '../../../src/emulators/kit/message.ts'
import { Random } from '../../../src/emulators/kit/random.ts'
import { Traffic, type TrafficOptions } from '../../../src/emulators/kit/traffic.ts'

async function happened(seed: number, options: TrafficOptions): Promise<{ at: number; step: Step }[]> {
  const clock = virtualClock({ at: 0 })
  const steps: { at: number; step: Step }[] = []
  const traffic = new Traffic(new Tasks(clock), new Random(seed), (step) => steps.push({ at: clock.now(), step }))
  traffic.start(options)
  await clock.advance('4h')
  return steps
}

const plain = (steps: { at: number; step: Step }[]) =>
  steps.map(({ at, step: { message, ...step } }) => ({ at, ...step, address: message.address, meta: message.metadata }))

describe('traffic', () => {
  it('is decided by its seed', async () => {
    const once = plain(await happened(7, { messages: 50, perSecond: 30 }))
    expect(plain(await happened(7, { messages: 50, perSecond: 30 }))).toEqual(once)
    expect(plain(await happened(8, { messages: 50, perSecond: 30 }))).not.toEqual(once)
  })

  it('hands over at its rate, without an end unless it is told', async () => {
    const injected = (await happened(1, { messages: 90, perSecond: 30 })).filter(({ step }) => step.kind === 'injected')
    expect(injected.length).toBe(90)
    expect(injected.at(-1)?.at).toBeCloseTo(89_000 / 30)
    const endless = (await happened(1, { perSecond: 0.5 })).filter(({ step }) => step.kind === 'injected')
    expect(endless.length).toBe(4 * 3_600 * 0.5 + 1)
  })

  it('has every kind of step, each life in its order and within its time', async () => {
    const steps = await happened(3, { messages: 3_000, perSecond: 1_000 })
    expect(new Set(steps.map(({ step }) => step.kind)).size).toBe(10)
    for (const { at, step } of steps) expect(at).toBeLessThanOrEqual(step.message.sentAtMs + LIFE_MS)
    const random = new Random(3)
    for (let n = 0; n < 3_000; n++) {
      const kinds = lifeOf(messageOf(random, n, 0)).map(({ kind }) => kind)
      const end = kinds.findIndex((kind) => ['rejected', 'bounced', 'delivered'].includes(kind))
      expect(kinds[0]).toBe('injected')
      expect(kinds.slice(1, end).every((kind) => kind === 'deferred')).toBe(true)
      if (kinds[end] !== 'delivered') expect(end).toBe(kinds.length - 1)
    }
  })

  it('is varied: text beyond ASCII, addresses with case and tags, several agents and links', async () => {
    const messages = (await happened(5, { messages: 300, perSecond: 100 })).map(({ step }) => step.message)
    expect(messages.some(({ subject }) => /[^\u0020-\u024f]/.test(subject))).toBe(true)
    expect(messages.some(({ rawAddress, address }) => rawAddress !== address)).toBe(true)
    expect(messages.some(({ address }) => /\+.*@/.test(address))).toBe(true)
    expect(messages.some(({ metadata }) => /[^\u0020-\u024f]/.test(JSON.stringify(metadata)))).toBe(true)
    expect(new Set(messages.map(({ agent }) => agent.name)).size).toBe(4)
    expect(new Set(messages.map(({ address }) => address)).size).toBe(300)
  })

  it('refuses numbers that are none, and misspelt options', async () => {
    for (const wrong of [{ messages: -1 }, { messages: 1.5 }, { perSecond: 0 }, { persecond: 1 }])
      await expect(happened(1, wrong as TrafficOptions)).rejects.toMatchObject({ code: 'ERR_OPTION' })
  })
})
