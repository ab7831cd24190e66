/** Tests of CI, run from a soak with more repetitions, or by another way. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seed } from './scenario.ts'

const root = join(import.meta.dirname, '../..')

interface Report {
  readonly numPassedTests: number
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

/** How many have passed, and which have not. */
export async function failuresOf(
  files: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly passed: number; readonly failed: readonly string[] }> {
  const report = await run(files, env)
  if (report === null) return { passed: 0, failed: ['Vitest has come to no report'] }
  const failed = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const names = assertionResults.filter((test) => test.status === 'failed').map(({ fullName }) => fullName)
    return status === 'failed' && names.length === 0 ? [name] : names
  })
  return { passed: report.numPassedTests, failed }
}

/** What Vitest has reported, or null where it came to no report. */
async function run(files: readonly string[], env: NodeJS.ProcessEnv): Promise<Report | null> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-test-run-'))
  const out = join(folder, 'report.json')
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', ...files, '--reporter=json', `--outputFile=${out}`]
  const all = { ...process.env, POSTHORN_FAULTS: 'soak', POSTHORN_SEED: String(seed), ...env }
  try {
    await once(spawn(process.execPath, args, { cwd: root, env: all, stdio: 'ignore' }), 'exit')
    return JSON.parse(readFileSync(out, 'utf8')) as Report
  } catch {
    return null
  } finally {
    rmSync(folder, { recursive: true })
  }
}
