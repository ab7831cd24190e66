/** Random lives of a file. An hour of them: `npm run soak -- --only F41 --minutes 300`, since their share is a fifth. */
import { live } from '../lives/life.ts'
import { add, soak } from './scenario.ts'

soak({
  id: 'F41',
  what: 'random lives of a file with handlers of every kind',
  injected:
    'kills and ends of three to six processes, copies of events, handlers that fail, pauses, retries, replays and erasures by a second process, leaps of the clock of up to 400 days, syncs that fail',
  held: 'every acknowledged delivery is stored, every event ends with every handler or is a copy for all of them, in order by key; replays hand out what they queued; what was erased is gone; the numbers are those of the lists',
  minutes: 5,
  async round({ random, figures }) {
    const { faults, ...counts } = await live(random, 3 + Math.floor(random() * 4), 60)
    add(figures, 'lives', 1)
    for (const [name, count] of Object.entries(counts)) add(figures, name, count)
    return faults
  },
})
