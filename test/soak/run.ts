/**
 * `npm run soak -- [--minutes 25] [--only F13] [--seed 1] [--out docs/soak]`: every fault that is too long for each
 * change, one after the other, within about so many minutes; then `<out>.md` and `<out>.json` say what was found. With
 * `--only` the report keeps what an earlier run found of the others.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { newSeed } from '../faults/harness/random.ts'
import { machine, type Run, toMarkdown } from './report.ts'
import type { Line } from './scenario.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '25' },
    only: { type: 'string' },
    seed: { type: 'string' },
    out: { type: 'string' },
  },
})

const minutes = Number(values.minutes)
if (!(minutes > 0)) throw new Error(`--minutes: expected a number above 0, got ${values.minutes}`)
// Before the work: a report that cannot be written is told at once.
if (values.out !== undefined) closeSync(openSync(`${values.out}.md`, 'a'))
const seed = values.seed ?? String(newSeed())
const folder = mkdtempSync(join(tmpdir(), 'posthorn-soak-'))
const lines = join(folder, 'lines')
const vitest = join(import.meta.dirname, '../../node_modules/vitest/vitest.mjs')
const only = values.only === undefined ? [] : ['-t', `${values.only}:`]
const env = { ...process.env, POSTHORN_SEED: seed, POSTHORN_SOAK_MINUTES: String(minutes), POSTHORN_SOAK_LINES: lines }
process.stdout.write(`POSTHORN_SEED=${seed}, about ${minutes} minutes\n`)

const began = new Date()
const args = [vitest, 'run', '--config', 'vitest.soak.config.ts', ...only]
const { status } = spawnSync(process.execPath, args, { stdio: 'inherit', env, cwd: join(import.meta.dirname, '../..') })
const found = existsSync(lines) ? readFileSync(lines, 'utf8').trim().split('\n') : []
rmSync(folder, { recursive: true })

// Written by the scenarios of this very run.
const ran = found.map((line) => JSON.parse(line) as Line)
const run = { began, seed, minutes, machine: machine(), lines: [...earlier(), ...ran] }
const text = toMarkdown(run)
if (values.out === undefined) process.stdout.write(`\n${text}`)
else {
  writeFileSync(`${values.out}.md`, text)
  writeFileSync(`${values.out}.json`, `${JSON.stringify(run, null, 2)}\n`)
  process.stdout.write(`written: ${values.out}.md, ${values.out}.json\n`)
}
process.exitCode = status ?? 1

/** What the report says already of faults that this run has left out. */
function earlier(): Line[] {
  const path = `${values.out}.json`
  if (values.only === undefined || values.out === undefined || !existsSync(path)) return []
  const { lines } = JSON.parse(readFileSync(path, 'utf8')) as Run
  return lines.filter(({ id }) => !ran.some((line) => line.id === id))
}
