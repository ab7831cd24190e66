/** The tests of faults and broken bodies that repeat themselves, with more repetitions than in CI. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { add, seed, soak } from './scenario.ts'

const root = join(import.meta.dirname, '../..')
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

interface Report {
  readonly numPassedTests: number
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

/** What Vitest has reported, or null where it came to no report. */
async function runTests(): Promise<Report | null> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-long-tests-'))
  const out = join(folder, 'report.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', ...files, '--reporter=json', `--outputFile=${out}`]
  const env = { ...process.env, POSTHORN_FAULTS: 'soak', POSTHORN_SEED: String(seed) }
  try {
    await once(spawn(process.execPath, args, { cwd: root, env, stdio: 'ignore' }), 'exit')
    return JSON.parse(readFileSync(out, 'utf8')) as Report
  } catch {
    return null
  } finally {
    rmSync(folder, { recursive: true })
  }
}

soak({
  id: 'F44',
  what: 'the fault tests of CI with all their repetitions',
  injected: 'kills, errors of the disk, crashes in a row, broken bodies: three to five times as many as in CI',
  held: 'every test passes',
  minutes: 8,
  rounds: 1,
  async round({ figures }) {
    const report = await runTests()
    if (report === null) return ['Vitest has come to no report']
    add(figures, 'tests', report.numPassedTests)
    return report.testResults.flatMap(({ name, status, assertionResults }) => {
      const failed = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName)
      return status === 'failed' && failed.length === 0 ? [name] : failed
    })
  },
})
