/** Random lives over a file, in short; `npm run soak -- --only F41` lives them for as long as it is told to. */
import { expect, it } from 'vitest'
import { newSeed, seeded } from '../faults/harness/random.ts'
import { live } from './life.ts'

it('whatever happens to its processes, every event ends with every handler, in order, and the file says so', async () => {
  const seed = newSeed()
  process.stdout.write(`lives: POSTHORN_SEED=${seed}\n`)
  const random = seeded(seed)
  for (let life = 0; life < 2; life++) {
    const { faults, events } = await live(random, 3, 40)
    expect(faults, `POSTHORN_SEED=${seed}, life ${life}`).toEqual([])
    expect(events).toBeGreaterThan(0)
  }
}, 300_000)
