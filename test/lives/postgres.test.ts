/** Random lives over PostgreSQL, in short: about half a minute; `npm run soak -- --only F51` lives them for longer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSeed, seeded } from '../faults/harness/random.ts'
import { programsOf, type Server, startServer } from '../support/postgres.ts'
import { livePostgres } from './postgres-life.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  it('whatever happens to processes and server, what was acknowledged is handled, and nobody works on what another has', async () => {
    const seed = newSeed()
    process.stdout.write(`lives over PostgreSQL: POSTHORN_SEED=${seed}\n`)
    const { faults, acknowledged } = await livePostgres(server, seeded(seed), 8)
    expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
    expect(acknowledged).toBeGreaterThan(0)
  }, 400_000)
})
