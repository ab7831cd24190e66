/** A server that is killed under load; `npm run soak -- --only P6` does it thirty times. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newSeed, seeded } from '../../faults/harness/random.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { killServer } from './server-kills.ts'

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer()
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  it('what a killed server has answered is stored once, and handled', { timeout: 240_000 }, async () => {
    const seed = newSeed()
    const { faults, refused } = await killServer(server, seeded(seed), 3)
    expect(faults, `POSTHORN_SEED=${seed}`).toEqual([])
    expect(refused).toBeGreaterThan(0)
  })
})
