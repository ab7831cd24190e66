/** What this machine allows, found out by trying, and tests that say by name when they are left out. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'

export type Need = 'linux' | 'long' | 'strace' | 'mount' | 'prometheus'

/** Unset: ordinary runs; `1`: the long tests too, in CI; `soak`: with all their rounds, in `npm run soak`. */
const FAULTS = process.env.POSTHORN_FAULTS

/** null: it is there; else what is missing. */
const missing: Readonly<Record<Need, string | null>> = {
  linux: process.platform === 'linux' ? null : 'Linux',
  long: FAULTS === '1' || FAULTS === 'soak' ? null : 'POSTHORN_FAULTS=1',
  strace: findStrace(),
  mount: findMount(),
  prometheus: spawnSync('prometheus', ['--version']).status === 0 ? null : 'prometheus',
}

function findStrace(): string | null {
  if (process.platform !== 'linux') return 'Linux'
  if (spawnSync('strace', ['-o', '/dev/null', 'true']).status !== 0) return 'strace'
  return process.getuid?.() === 0 || ptraceIsFree() ? null : 'the right to trace (root)'
}

/** Whether a process may be traced by one that is not its parent (Yama). */
function ptraceIsFree(): boolean {
  try {
    return readFileSync('/proc/sys/kernel/yama/ptrace_scope', 'utf8').trim() === '0'
  } catch {
    return true
  }
}

function findMount(): string | null {
  if (process.platform !== 'linux') return 'Linux'
  if (process.getuid?.() !== 0) return 'root'
  if (spawnSync('mkfs.ext4', ['-V']).status !== 0) return 'mkfs.ext4'
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status === 0
  if (mounted) spawnSync('umount', [folder])
  rmdirSync(folder)
  return mounted ? null : 'the right to mount'
}

/** What of it is missing here, in words. */
export function lackingOf(needs: readonly Need[]): string[] {
  return needs.flatMap((need) => missing[need] ?? [])
}

/** `describe` where the needs are met; elsewhere its tests are skipped, and a line on stderr says what is missing. */
export function describeWith(needs: readonly Need[], title: string, tests: () => void): void {
  const lacking = lackingOf(needs)
  if (lacking.length > 0) process.stderr.write(`skipped for lack of ${lacking.join(', ')}: ${title}\n`)
  describe.skipIf(lacking.length > 0)(title, tests)
}

/** One number in ordinary runs, another in long ones, a third in `npm run soak`. */
export function rounds(ordinary: number, long: number, soak = long): number {
  if (FAULTS === 'soak') return soak
  return missing.long === null ? long : ordinary
}
