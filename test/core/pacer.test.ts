import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { createPacer, type Pacer } from '../../src/core/pacer.ts'

let clock: { mockReturnValue(ms: number): unknown }
let load: { bytes: number; requests: number }
let pacer: Pacer

beforeEach(() => {
  clock = vi.spyOn(performance, 'now').mockReturnValue(1_000)
  load = { bytes: 0, requests: 0 }
  pacer = createPacer(load)
})
afterEach(() => vi.restoreAllMocks())

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
