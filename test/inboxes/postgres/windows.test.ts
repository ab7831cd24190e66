/** Three processes at one database, of which one is killed at each named window of its work. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { Killings, WINDOWS } from './windows.ts'

describe.skipIf(programsOf() === null)('one of three that is killed', () => {
  let server: Server
  let killings: Killings
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
    killings = new Killings(server)
    await killings.begin()
  }, 120_000)
  afterAll(async () => {
    await killings.end()
    server.remove()
  }, 60_000)

  it.each(WINDOWS)('$name: nothing is lost, and others do what is left of it', { timeout: 240_000 }, async (window) => {
    expect(await killings.killAt(window)).toEqual([])
  })
})
