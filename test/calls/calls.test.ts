import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { newSeed } from '../faults/harness/random.ts'

const SCRIPT = new URL('./child.ts', import.meta.url).pathname
const CASES = 300

test('whatever functions and methods are called with, all calls end, and the process goes on', async () => {
  const seed = newSeed()
  const cwd = mkdtempSync(join(tmpdir(), 'posthorn-calls-'))
  try {
    const args = ['--disable-warning=ExperimentalWarning', SCRIPT, String(seed), String(CASES)]
    // Rejects with what the process has written where it does not exit with 0.
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 1 << 28 })
    const { functions, called } = JSON.parse(stdout) as Record<'functions' | 'called', string[]>
    expect(called, `POSTHORN_SEED=${seed}`).toEqual(expect.arrayContaining([...functions, ...METHODS]))
    expect(functions).toContain('. createReceiver')
  } finally {
    rmSync(cwd, { recursive: true })
  }
}, 300_000)

/** So many cases call each of these, whatever the seed. */
const METHODS = ['on', 'handle', 'start', 'close', 'drain', 'inject', 'health', 'inbox.retry', 'inbox.replay'].map(
  (name) => `. createReceiver().${name}`,
)
