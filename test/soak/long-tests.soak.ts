/** The tests of faults and broken bodies that repeat themselves, with more repetitions than in CI. */
import { add, soak } from './scenario.ts'
import { failuresOf } from './test-run.ts'

const faults = [
  'crash-loop',
  'disk-errors',
  'kill-random',
  'ordered-log',
  'progress',
  'releases',
  'replays',
  'retention',
  'tallies',
]
const files = [...faults.map((name) => `test/faults/${name}.test.ts`), 'test/attacks/fuzz.test.ts']

soak({
  id: 'F44',
  what: 'the fault tests of CI with all their repetitions',
  injected: 'kills, errors of the disk, crashes in a row, broken bodies: three to five times as many as in CI',
  held: 'every test passes',
  minutes: 8,
  rounds: 1,
  async round({ figures }) {
    const { passed, failed } = await failuresOf(files)
    add(figures, 'tests', passed)
    return failed
  },
})
