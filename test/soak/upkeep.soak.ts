/** Letting go of what is finished, while more comes in. */
import { replayAndKill } from '../faults/harness/replays.ts'
import { pruneAndKill } from '../faults/harness/upkeep.ts'
import { soak } from './scenario.ts'

soak({
  id: 'F40',
  what: 'retention under load, and kills inside it',
  injected:
    'prune again and again beside four senders; finished bodies go at once, rows at the next start, which is three days later; SIGKILL at random instants',
  held: 'no event of an acknowledged delivery goes before it was handled; in the end the file is sound and empty',
  minutes: 1.5,
  rounds: 1,
  async round({ random, figures, isOver }) {
    const { faults, kills, rounds, events, bytes, fileBytes } = await pruneAndKill(random, 60, isOver)
    const mib = (count: number) => Math.round((count / (1 << 20)) * 10) / 10
    const sizes = { 'stored, MiB': mib(bytes), 'file at the end, MiB': mib(fileBytes) }
    Object.assign(figures, { kills, 'runs of prune': rounds, events, ...sizes })
    return faults
  },
})

soak({
  id: 'F38',
  what: 'replays beside live traffic, and kills in the middle of them',
  injected:
    'a replay of everything while two senders post, SIGKILL while it queues or works; then one event, and everything twice, at rest',
  held: 'a replay that told what it had queued comes to its end; at rest each event comes once for each replay; stored bytes are untouched',
  minutes: 1.5,
  rounds: 1,
  async round({ random, figures, isOver }) {
    const { faults, replays, cut, kills, events, quarantined } = await replayAndKill(random, 40, isOver)
    Object.assign(figures, {
      replays,
      'cut before they had told': cut,
      kills,
      'events handed out again': events,
      'events in quarantine for three deaths': quarantined,
    })
    return faults
  },
})
