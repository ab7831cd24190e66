/** Letting go of what is finished, while more comes in. */
import { pruneAndKill } from '../faults/harness/upkeep.ts'
import { soak } from './scenario.ts'

soak({
  id: 'F40',
  what: 'retention under load, and kills inside it',
  injected:
    'prune again and again beside four senders; finished bodies go at once, rows at the next start, which is three days later; SIGKILL at random instants',
  held: 'no event of an acknowledged delivery goes before it was handled; in the end the file is sound and empty',
  minutes: 2,
  rounds: 1,
  async round({ random, figures, isOver }) {
    const { faults, kills, rounds, events, bytes, fileBytes } = await pruneAndKill(random, 60, isOver)
    const mib = (count: number) => Math.round((count / (1 << 20)) * 10) / 10
    const sizes = { 'stored, MiB': mib(bytes), 'file at the end, MiB': mib(fileBytes) }
    Object.assign(figures, { kills, 'runs of prune': rounds, events, ...sizes })
    return faults
  },
})
