/** Random lives over PostgreSQL, in short: about half a minute; `npm run soak -- --only F51` lives them for longer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSeed, seeded } from '../faults/harness/random.ts'
import { copyWith, MUTANTS_POSTGRES } from '../faults/harness/source-copy.ts'
import { programsOf, type Server, startServer } from '../support/postgres.ts'
import { livePostgres } from './postgres-life.ts'

/** Of one mutant. */
const MOST_LIVES = 6

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  it('whatever happens to processes and server, what was acknowledged is handled in order, and nobody works on what another has', async () => {
    const seed = newSeed()
    process.stdout.write(`lives over PostgreSQL: POSTHORN_SEED=${seed}\n`)
    const { faults, outOfOrder, acknowledged } = await livePostgres(server, seeded(seed), 8)
    expect([...faults, ...outOfOrder], `POSTHORN_SEED=${seed}`).toEqual([])
    expect(acknowledged).toBeGreaterThan(0)
  }, 400_000)

  it.each(Object.entries(MUTANTS_POSTGRES))(
    'a life finds it where %s',
    async (_what, mutant) => {
      const root = copyWith(mutant)
      const found: string[] = []
      // A life is random, and may pass by the fault.
      for (let n = 0; n < MOST_LIVES && found.length === 0; n++) {
        const { outOfOrder } = await livePostgres(server, seeded(newSeed()), 3, root)
        found.push(...outOfOrder)
      }
      expect(found).not.toEqual([])
    },
    900_000,
  )
})
