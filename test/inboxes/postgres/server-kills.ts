/** P6: the server is killed again and again under load, while its processes live. */
import { between, type Random } from '../../faults/harness/random.ts'
import type { Server } from '../../support/postgres.ts'
import { faultsOf, Ledger, Processes } from './processes.ts'

const SENDERS = 4

export interface Killed {
  readonly faults: readonly string[]
  readonly posted: number
  readonly refused: number
}

/** The server is as durable as it comes. */
export async function killServer(server: Server, random: Random, rounds: number): Promise<Killed> {
  const processes = new Processes(server)
  const ledger = new Ledger()
  try {
    const two = [await processes.join('slow'), await processes.join('fail')] as const
    let isOver = false
    const sender = async (own: number) => {
      while (!isOver) await ledger.send((attempt) => two[(own + attempt) % 2 === 0 ? 0 : 1])
    }
    const senders = Array.from({ length: SENDERS }, (_, own) => sender(own))
    for (let round = 0; round < rounds; round++) {
      const enough = ledger.ids.size + between(random, SENDERS + 1, 60)
      while (ledger.ids.size < enough) await new Promise((resolve) => setTimeout(resolve, 5))
      const { refused } = ledger
      server.stop('immediate')
      // To stop and start it blocks this process, and with it the senders.
      while (ledger.refused === refused) await new Promise((resolve) => setTimeout(resolve, 5))
      server.start()
    }
    isOver = true
    await Promise.all(senders)
    return { faults: await faultsOf(processes, ledger, 2), posted: ledger.ids.size, refused: ledger.refused }
  } finally {
    await processes.end()
  }
}
