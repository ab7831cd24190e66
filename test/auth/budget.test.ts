import { beforeEach, describe, expect, test } from 'vitest'
import { type Budget, createBudget, OVERLOADED } from '../../src/auth/budget.ts'
import type { Verdict } from '../../src/ports/auth.ts'
import { FakeClock, settled } from '../support/fake-clock.ts'
import { setting, type TestSetting } from './setting.ts'

const [GOOD, BAD]: Verdict[] = [{ ok: true, credential: null }, { ok: false }]
const UNKNOWN: Verdict = { ok: false, unavailable: true }

let clock: FakeClock
let at: TestSetting
let budget: Budget

beforeEach(() => {
  clock = new FakeClock()
  at = setting({}, clock)
  budget = createBudget(at)
})

const answering = (verdict: Verdict) => async () => verdict

/** A check under way, until it is let go. */
function held() {
  const { promise, resolve } = Promise.withResolvers<Verdict>()
  let begun = 0
  const check = () => {
    begun++
    return promise
  }
  return { check, begun: () => begun, end: (verdict: Verdict) => resolve(verdict) }
}

async function spendAll(peer: string, failures = 20): Promise<void> {
  for (let n = 0; n < failures; n++) await budget(peer, answering(BAD!))
}

/** Takes all four places where the waiting are checked. */
async function fillSlots(peer: string) {
  const checks = [held(), held(), held(), held()]
  const verdicts = checks.map(({ check }) => budget(peer, check))
  await settled()
  expect(checks.map(({ begun }) => begun())).toEqual([1, 1, 1, 1])
  return { end: (index: number, verdict: Verdict) => checks[index]!.end(verdict), verdicts }
}

describe('a peer', () => {
  test('that spent its budget is still let in with a good credential', async () => {
    await spendAll('192.0.2.1', 1_000)
    expect(await budget('192.0.2.1', answering(GOOD!))).toBe(GOOD)
    expect(at.warnings[0]?.message).toContain('bad credentials')
  })

  test('has its checks at once until then, however many there are', async () => {
    const checks = Array.from({ length: 20 }, held)
    for (const { check } of checks) void budget('192.0.2.1', check)
    await settled()
    expect(checks.every(({ begun }) => begun() === 1)).toBe(true)
    expect(at.warnings).toEqual([])
  })

  test('pays when a check begins, so that many at once do not come for the price of one', async () => {
    const checks = Array.from({ length: 100 }, held)
    for (const { check } of checks) void budget('192.0.2.1', check)
    await settled()
    expect(checks.filter(({ begun }) => begun() === 1).length).toBe(20 + 4)
  })

  test('with good credentials may come with as many at once as it likes', async () => {
    await budget('192.0.2.1', answering(GOOD!))
    const checks = Array.from({ length: 100 }, held)
    for (const { check } of checks) void budget('192.0.2.1', check)
    await settled()
    expect(checks.every(({ begun }) => begun() === 1)).toBe(true)
  })

  test('that only comes with many at once is no reason for a warning', async () => {
    const checks = Array.from({ length: 30 }, held)
    const verdicts = checks.map(({ check }) => budget('192.0.2.1', check))
    for (const { end } of checks) end(GOOD!)
    expect(new Set(await Promise.all(verdicts))).toEqual(new Set([GOOD]))
    expect(at.warnings).toEqual([])
  })

  test('gets back what was no failure', async () => {
    for (let n = 0; n < 100; n++) await budget('192.0.2.1', answering(UNKNOWN))
    const checks = Array.from({ length: 20 }, held)
    for (const { check } of checks) void budget('192.0.2.1', check)
    await settled()
    expect(checks.every(({ begun }) => begun() === 1)).toBe(true)
  })

  test('has a new budget after a minute', async () => {
    await spendAll('192.0.2.1')
    await fillSlots('192.0.2.1')
    await clock.advance(60_000)
    expect(await budget('192.0.2.1', answering(GOOD!))).toBe(GOOD)
  })

  test('does not spend the budget of another', async () => {
    await spendAll('192.0.2.1')
    await fillSlots('192.0.2.1')
    expect(await budget('192.0.2.2', answering(GOOD!))).toBe(GOOD)
  })

  test('that the host does not show is one with all such', async () => {
    for (let n = 0; n < 20; n++) await budget(undefined, answering(BAD!))
    await fillSlots('')
    const waiting = budget(undefined, answering(GOOD!))
    await clock.advance(2_000)
    expect(await waiting).toBe(OVERLOADED)
  })
})

describe('many peers', () => {
  const spendFromEverywhere = async () => {
    for (let n = 0; n < 200; n++) await budget(`192.0.2.${n}`, answering(BAD!))
  }

  test('spend a budget together', async () => {
    await spendFromEverywhere()
    await fillSlots('198.51.100.1')
    const waiting = budget('198.51.100.2', answering(GOOD!))
    await clock.advance(2_000)
    expect(await waiting).toBe(OVERLOADED)
  })

  test('do not make one wait that a good credential came from', async () => {
    await budget('203.0.113.1', answering(GOOD!))
    await spendFromEverywhere()
    await fillSlots('198.51.100.1')
    expect(await budget('203.0.113.1', answering(GOOD!))).toBe(GOOD)
  })

  test('past a thousand are forgotten, those with a good credential last', async () => {
    await budget('203.0.113.1', answering(GOOD!))
    for (let n = 0; n < 2_000; n++) await budget(`2001:db8::${n}`, answering(BAD!))
    await fillSlots('198.51.100.1')
    expect(await budget('203.0.113.1', answering(GOOD!))).toBe(GOOD)
  })
})

describe('the line', () => {
  test('takes one peer after the other, so that a good one behind a flood has its turn', async () => {
    await spendAll('192.0.2.1')
    await spendAll('192.0.2.2')
    const slots = await fillSlots('192.0.2.1')
    const order: string[] = []
    const saying = (word: string) => async () => {
      order.push(word)
      return BAD!
    }
    const waiting = [1, 2, 3].map((n) => budget('192.0.2.1', saying(`flood ${n}`)))
    waiting.push(budget('192.0.2.2', saying('other')))
    slots.end(0, BAD!)
    await Promise.all(waiting)
    expect(order).toEqual(['flood 1', 'other', 'flood 2', 'flood 3'])
  })

  test('answers 503 to one that waits too long or finds it full, and never 401', async () => {
    await spendAll('192.0.2.1')
    const slots = await fillSlots('192.0.2.1')
    const waiting = Array.from({ length: 128 }, () => budget('192.0.2.1', answering(GOOD!)))
    expect(await budget('192.0.2.1', answering(GOOD!))).toBe(OVERLOADED)
    await clock.advance(2_000)
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([OVERLOADED]))
    for (const index of [0, 1, 2, 3]) slots.end(index, BAD!)
    expect(await Promise.all(slots.verdicts)).toEqual([BAD, BAD, BAD, BAD])
    expect(await budget('192.0.2.1', answering(GOOD!))).toBe(GOOD)
  })

  test('leaves no timer behind', async () => {
    await spendAll('192.0.2.1')
    const slots = await fillSlots('192.0.2.1')
    const waiting = budget('192.0.2.1', answering(GOOD!))
    slots.end(0, BAD!)
    expect(await waiting).toBe(GOOD)
    expect(clock.pending).toBe(0)
  })
})
