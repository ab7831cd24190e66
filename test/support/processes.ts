/** Several receivers over one store in memory, as processes that share an inbox: fake time, closed after each test. */
import { afterEach, beforeEach } from 'vitest'
import { MemoryStore } from '../../src/inboxes/memory/store.ts'
import { FakeClock } from './fake-clock.ts'

interface Closable {
  close(options: { timeoutMs: number }): Promise<unknown>
}

export interface Processes {
  readonly clock: FakeClock
  readonly store: MemoryStore
  /** Closed when the test is over. */
  readonly open: Closable[]
}

/** What it returns has a new clock and a new store for each test of the file. */
export function useProcesses(): Processes {
  const made = () => ({ clock: new FakeClock(), store: new MemoryStore(), open: [] as Closable[] })
  const processes = made()
  beforeEach(() => void Object.assign(processes, made()))
  afterEach(async () => {
    for (const receiver of processes.open) await receiver.close({ timeoutMs: 0 })
  })
  return processes
}
