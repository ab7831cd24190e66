/** Random lives over PostgreSQL. */
import { killServer } from '../inboxes/postgres/server-kills.ts'
import { Killings, SELDOM_WINDOWS, WINDOWS } from '../inboxes/postgres/windows.ts'
import { livePostgres } from '../lives/postgres-life.ts'
import { startServer } from '../support/postgres.ts'
import { add, soak } from './scenario.ts'
import { failuresOf } from './test-run.ts'

const SERVER_KILLS = 30

soak({
  id: 'F51',
  what: 'random lives of a schema in PostgreSQL',
  injected: 'kills and ends of two to four processes, SIGSTOP past the lease, crashes of the server under load',
  held: 'every acknowledged delivery is handled, in the order of its key with `orderBy`; each is settled once, by the last that claimed it; no claim is taken from a process whose lease has not ended; nothing is left over',
  needs: ['linux'],
  minutes: 5,
  async round({ random, figures }) {
    const server = await startServer({ fsync: 'off' })
    try {
      const { faults, outOfOrder, ...counts } = await livePostgres(server, random, 40)
      add(figures, 'lives', 1)
      for (const [name, count] of Object.entries(counts)) add(figures, name, count)
      return [...faults, ...outOfOrder]
    } finally {
      server.remove()
    }
  },
})

soak({
  id: 'F52',
  what: 'the contract of every inbox, in PostgreSQL behind PgBouncer',
  injected: 'sessions that are those of a transaction alone, on four connections to the server',
  held: 'every test passes',
  needs: ['linux'],
  minutes: 2,
  rounds: 1,
  async round({ figures }) {
    const { passed, failed } = await failuresOf(['test/inboxes/postgres/contract.test.ts'], { POSTHORN_POOLER: '1' })
    add(figures, 'tests', passed)
    return failed
  },
})

soak({
  id: 'P1',
  what: 'one of three processes at a schema in PostgreSQL that is killed at a named window',
  injected:
    'SIGKILL where a statement has not reached the server, or its answer has not come back: accept, claim, read, settlement, rows, reap, care, note, leave; in random order',
  held: 'every acknowledged delivery is stored once, handled, and at most twice; nothing is left over',
  needs: ['linux'],
  minutes: 4,
  rounds: 1,
  async round({ random, figures, isOver }) {
    const server = await startServer({ fsync: 'off' })
    const killings = new Killings(server)
    const windows = [...WINDOWS, ...SELDOM_WINDOWS]
    try {
      await killings.begin()
      do {
        const window = windows[Math.floor(random() * windows.length)]
        const faults = window === undefined ? [] : await killings.killAt(window)
        if (faults.length > 0) return faults.map((fault) => `${window?.name}: ${fault}`)
        add(figures, 'kills', 1)
      } while (!isOver())
      return []
    } finally {
      await killings.end()
      server.remove()
    }
  },
})

soak({
  id: 'P6',
  what: 'a PostgreSQL server that is killed under load',
  injected:
    'its end as at a crash (`immediate`), thirty times, while four senders post to two processes and repeat what is not answered with 200',
  held: 'every acknowledged delivery is stored once and handled; nothing is left over',
  needs: ['linux'],
  minutes: 3,
  rounds: 1,
  async round({ random, figures }) {
    const server = await startServer()
    try {
      const { faults, posted, refused } = await killServer(server, random, SERVER_KILLS)
      add(figures, 'kills', SERVER_KILLS)
      add(figures, 'deliveries', posted)
      add(figures, 'answers that did not come, or were not 200', refused)
      return faults
    } finally {
      server.remove()
    }
  },
})
