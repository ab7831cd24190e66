/** Random lives over PostgreSQL. */
import { livePostgres } from '../lives/postgres-life.ts'
import { startServer } from '../support/postgres.ts'
import { add, soak } from './scenario.ts'

soak({
  id: 'F51',
  what: 'random lives of a schema in PostgreSQL',
  injected: 'kills and ends of two to four processes, SIGSTOP past the lease, crashes of the server under load',
  held: 'every acknowledged delivery is handled; each is settled once, by the last that claimed it; no claim is taken from a process whose lease has not ended; nothing is left over',
  needs: ['linux'],
  minutes: 5,
  async round({ random, figures }) {
    const server = await startServer({ fsync: 'off' })
    try {
      const { faults, ...counts } = await livePostgres(server, random, 40)
      add(figures, 'lives', 1)
      for (const [name, count] of Object.entries(counts)) add(figures, name, count)
      return [...faults]
    } finally {
      server.remove()
    }
  },
})
