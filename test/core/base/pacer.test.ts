import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createPacer, type Pacer } from '../../../src/core/base/pacer.ts'

let clock: { mockReturnValue(ms: number): unknown; mockImplementation(now: () => number): unknown }
let load: { bytes: number; requests: number; begun: number }
let pacer: Pacer

beforeEach(() => {
  clock = vi.spyOn(performance, 'now').mockReturnValue(1_000)
  load = { bytes: 0, requests: 0, begun: 0 }
  pacer = createPacer(load)
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Whether a slice that begins at `ms` is used up after so many. */
async function spentAt(ms: number, afterMs: number): Promise<boolean> {
  clock.mockReturnValue(ms)
  await pacer.breathe()
  clock.mockReturnValue(ms + afterMs)
  return pacer.spent()
}

it('gives 8 ms where no request is on its way', async () => {
  expect(await spentAt(2_000, 7)).toBe(false)
  expect(await spentAt(3_000, 9)).toBe(true)
})

it('gives 1 ms while a request is on its way', async () => {
  load.requests = 1
  expect(await spentAt(2_000, 0.5)).toBe(false)
  expect(await spentAt(3_000, 1.5)).toBe(true)
})

it('gives 1 ms for a while after a request: the next one is near', async () => {
  load.requests = 1
  pacer.spent()
  load.requests = 0
  expect(await spentAt(1_040, 1.5)).toBe(true)
  expect(await spentAt(1_060, 7)).toBe(false)
})

it('gives 1 ms after a request that came and was answered between two slices', async () => {
  await spentAt(2_000, 7)
  load.begun = 1
  expect(await spentAt(2_010, 1.5)).toBe(true)
  expect(await spentAt(2_090, 7)).toBe(false)
})

/** Turns of the event loop until the next slice begins. */
async function turnsUntilSlice(): Promise<number> {
  let [turns, begun] = [0, false]
  const count = () => {
    turns++
    if (!begun) setImmediate(count)
  }
  setImmediate(count)
  await pacer.breathe()
  begun = true
  return turns
}

it('begins the next slice with the next turn where no request is on its way', async () => {
  expect(await turnsUntilSlice()).toBe(1)
})

it('lets an inbox gather what has come: some turns without anything to do go by first', async () => {
  load.requests = 1
  expect(await turnsUntilSlice()).toBe(6)
})

it('begins after 3 ms where the turns of the loop are full', async () => {
  load.requests = 1
  let now = 2_000
  clock.mockImplementation(() => (now += 0.25))
  expect(await turnsUntilSlice()).toBe(12)
})

it('counts idle turns anew after a full one', async () => {
  load.requests = 1
  let looks = 0
  // The fifth look after the call of `breathe` comes late.
  clock.mockImplementation(() => (looks++ < 5 ? 2_000 : 2_001))
  expect(await turnsUntilSlice()).toBe(11)
})

it('uses an idle loop while large bodies are on their way, too', async () => {
  Object.assign(load, { requests: 4, bytes: 44 * 1024 * 1024 })
  expect(await turnsUntilSlice()).toBe(6)
})
