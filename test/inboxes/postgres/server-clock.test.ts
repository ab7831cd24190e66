/** The clock of the server leaps, as after a failover or when somebody sets it: leases go by it. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../src/core/base/clock.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { realAfter } from '../../../src/inboxes/postgres/life/upkeep.ts'
import type { ClaimToken } from '../../../src/ports/inbox/claim-ref.ts'
import { isFaketimeThere, programsOf, type Server, startServer } from '../../support/postgres.ts'
import { firstPass, newDelivery, openWith, row, seqsOf } from '../inbox-kit.ts'
import { newSchema, settingsFor } from './store.ts'

const canRun = programsOf() !== null && (isFaketimeThere() || process.env.CI !== undefined)

describe.skipIf(!canRun)('with the programs of PostgreSQL, and faketime', () => {
  let server: Server
  let folder: string
  let ports: PostgresInbox[]
  let schema: string

  const setClock = (offset: string) => writeFileSync(join(folder, 'clock'), `${offset}\n`)

  beforeAll(async () => {
    folder = mkdtempSync('/tmp/posthorn-clock-')
    chmodSync(folder, 0o755)
    setClock('+0')
    server = await startServer({ fsync: 'off' }, { clock: join(folder, 'clock') })
  }, 60_000)
  afterAll(() => {
    server.remove()
    rmSync(folder, { recursive: true })
  }, 60_000)
  beforeEach(() => {
    ports = []
    schema = newSchema()
    setClock('+0')
  })
  afterEach(async () => {
    for (const port of ports) await port.close()
  })

  /** `lives` false: nobody renews for it, as if it were killed. */
  async function newProcess(lives = true) {
    const settings = settingsFor(server, schema, { leaseMs: 2_000, ...(lives && { after: realAfter }) })
    const port = new PostgresInbox({ ...settings, measuresTime: true })
    ports.push(port)
    const lost: ClaimToken[] = []
    port.on({ lost: (tokens) => void lost.push(...tokens) })
    const clock = { ...systemClock, advance: () => {} }
    return { ...(await openWith(port, ['a'], clock)), lost, port }
  }

  it('forward: what a dead process had is taken over at once, and whoever renews in time goes on', {
    timeout: 60_000,
  }, async () => {
    const [living, dead] = [await newProcess(), await newProcess(false)]
    for (const name of ['x', 'y']) await living.inbox.accept(newDelivery(name))
    expect(seqsOf(await dead.claim({ maxDeliveries: 1 }))).toEqual([1])
    expect(seqsOf(await living.claim())).toEqual([2])
    setClock('+1d')
    await living.inbox.settle(firstPass(2))
    await expect.poll(async () => seqsOf(await living.claim()), { timeout: 20_000 }).toEqual([1])
    await expect(dead.inbox.settle(firstPass(1))).rejects.toMatchObject({ code: 'ERR_CLAIM_LOST' })
    await living.inbox.settle(firstPass(1))
    expect(living.lost).toEqual([])
    expect(await living.inbox.stats()).toMatchObject({ pending: 0, quarantined: 0 })
  })

  it('back: what a dead process had is taken over soon, and what is due waits no longer than it had to', {
    timeout: 60_000,
  }, async () => {
    setClock('+1d')
    const dead = await newProcess(false)
    for (const name of ['x', 'y']) await dead.inbox.accept(newDelivery(name))
    expect(seqsOf(await dead.claim({ maxDeliveries: 1 }))).toEqual([1])
    setClock('+0')
    const living = await newProcess()
    const [second] = await living.claim()
    expect(second?.delivery.seq).toBe(2)
    const [at, hour] = [Date.now(), 3_600_000]
    await living.inbox.settle(firstPass(2, { at, rows: [row('a', at + hour)] }))
    await expect.poll(async () => seqsOf(await living.claim()), { timeout: 20_000 }).toEqual([1])
    await living.inbox.settle(firstPass(1))
    setClock('-1d')
    await living.port.renew()
    const dueIn = async () => ((await living.nextDueAt()) ?? 0) - Date.now()
    expect(await dueIn()).toBeLessThan(2 * hour)
    expect(await living.inbox.stats()).toMatchObject({ pending: 1 })
  })
})
