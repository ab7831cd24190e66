/** Whether deliveries can be stored, as the inbox says it. */
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../../../src/inboxes/postgres/connect.ts'
import { PostgresInbox } from '../../../src/inboxes/postgres/inbox.ts'
import { Trouble } from '../../../src/inboxes/postgres/life/trouble.ts'
import { programsOf, type Server, startServer } from '../../support/postgres.ts'
import { handClock, newDelivery, openWith } from '../inbox-kit.ts'
import { settingsFor } from './store.ts'

describe('trouble', () => {
  function withProbe(probe: () => Promise<void>) {
    const clock = handClock()
    const trouble = new Trouble(clock)
    const asked: number[] = []
    trouble.probeWith(async (bytes) => {
      asked.push(bytes)
      await probe()
    })
    const pass = async () => {
      clock.advance(1_000)
      await setImmediate()
    }
    return { trouble, asked, pass }
  }

  it('with storing is over when as much has been stored, whatever else went well', async () => {
    let isFull = true
    const { trouble, asked, pass } = withProbe(async () => {
      if (isFull) throw new Error('full')
    })
    trouble.tell(new Error('full'))
    trouble.refuse(new Error('full'), 70_000)
    trouble.refuse(new Error('full'), 10)
    trouble.tell(null)
    await pass()
    expect(trouble.reason).toBe('full')
    isFull = false
    await pass()
    expect(trouble.reason).toBeNull()
    await pass()
    expect(asked).toEqual([70_000, 70_000])
  })

  it('that comes and goes is asked about once a second', async () => {
    const { trouble, asked, pass } = withProbe(async () => {})
    for (let times = 0; times < 3; times++) {
      trouble.tell(null)
      trouble.tell(new Error('away'))
    }
    await pass()
    expect(asked).toEqual([0])
  })
})

describe.skipIf(programsOf() === null)('with the programs of PostgreSQL', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer({ fsync: 'off' })
  }, 60_000)
  afterAll(() => server.remove(), 60_000)

  it('a database that can be read, and stores nothing, is in trouble until it stores again', async () => {
    await server.run('CREATE ROLE ph LOGIN; GRANT CREATE ON DATABASE postgres TO ph')
    const url = server.url.replace('postgres@', 'ph@')
    const port = new PostgresInbox({ ...settingsFor(server, 'posthorn'), connect: () => connect(url) })
    const { inbox, clock } = await openWith(port, ['a'])
    await server.run('ALTER TABLE posthorn.body OWNER TO postgres')
    await expect(inbox.accept(newDelivery('x'))).rejects.toMatchObject({ code: 'ERR_INBOX_IO' })
    await inbox.stats()
    expect(port.intake.trouble()).toContain('42501')
    await server.run('GRANT ALL ON posthorn.body TO ph')
    clock.advance(1_000)
    await expect.poll(() => port.intake.trouble()).toBeNull()
    expect(await server.run('SELECT seq FROM posthorn.body')).toEqual([])
    expect(await inbox.accept(newDelivery('x'))).toMatchObject({ status: 'accepted' })
    await inbox.close()
  })
})
