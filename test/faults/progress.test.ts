/** Kills inside a long delivery: what was saved as over is not handled again, and a process that dies often gets on. */
import { expect, it } from 'vitest'
import { longLife } from './harness/long-life.ts'
import { between, newSeed, seeded } from './harness/random.ts'
import { rounds } from './harness/tools.ts'

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

it('repeats nothing that was saved, whatever the handlers are, and comes to an end', async () => {
  const seed = newSeed()
  const random = seeded(seed)
  const events = rounds(3_000, 4_000, 10_000)
  const kills = Array.from({ length: rounds(4, 8, 20) }, () => ({ killAfterCalls: between(random, 300, 4_000) }))
  const life = await longLife({ events, workMs: 5, handlers: ['each', 'batch', 'kept'] }, kills)

  expect(life.settled, `POSTHORN_SEED=${seed}`).toEqual({ pending: 0, deadLetters: 0, quarantined: [] })
  expect(life.deaths).toBeGreaterThan(0)
  expect(life.saves).toBeGreaterThan(0)
  expect(life.repeats.filter(({ wasSaved }) => wasSaved)).toEqual([])
  for (const name of ['each', 'batch', 'kept']) {
    const done = life.done.get(name) ?? []
    expect([...done].sort((a, b) => a - b)).toEqual(upTo(events))
    // The first time through is in order, key by key.
    if (name === 'kept')
      for (const key of upTo(20)) {
        const ofKey = done.filter((index) => index % 20 === key)
        expect(ofKey).toEqual([...ofKey].sort((a, b) => a - b))
      }
  }
}, 120_000)

it('kills at any moment quarantine nothing that was not by itself in two deaths', async () => {
  const seed = newSeed()
  const random = seeded(seed)
  const kills = Array.from({ length: rounds(8, 25, 100) }, () => ({ killAfterMs: between(random, 1, 400) }))
  const life = await longLife({ events: 300, workMs: 60, handlers: ['each', 'kept'] }, kills)
  expect(life.settled, `POSTHORN_SEED=${seed}`).toMatchObject({ pending: 0, deadLetters: 0 })
  for (const index of life.settled?.quarantined ?? []) expect(life.alone.get(index)).toBeGreaterThanOrEqual(2)
  expect(life.repeats.filter(({ wasSaved }) => wasSaved)).toEqual([])
}, 300_000)
