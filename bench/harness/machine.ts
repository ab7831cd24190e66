/** On what a run was made: without it, its figures say nothing. */
import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { floorOfLargeBody } from './floor.ts'
import { spreadOf } from './stats.ts'
import { syncedWrites } from './synced-writes.ts'

/** `folder` is where the inboxes lie. */
export function machineFacts(folder = tmpdir()): Record<string, string> {
  const sync = syncedWrites(folder, new Uint8Array(4_096), 200)
  return {
    node: process.version,
    sqlite: sqliteVersion(),
    processors: `${availableParallelism()} × ${cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${release()} ${process.arch}`,
    'file system': fileSystem(folder),
    'one synced write of 4 kB': `${sync.median.toFixed(3)} ms (p99 ${sync.p99.toFixed(3)} ms)`,
    'first use of 4 kB of memory': `${spreadOf(firstUses()).median.toFixed(2)} µs`,
    'a Momentum body of 10 000 events': floorOfLargeBody(folder),
  }
}

export function commitId(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim()
    const changed = git('status', '--porcelain') === '' ? '' : ', with changes'
    return git('rev-parse', '--short', 'HEAD') + changed
  } catch {
    return 'unknown'
  }
}

/** What the system takes to make a page that is new to the process, in µs. */
function firstUses(): number[] {
  const [bytes, page] = [16 << 20, 4_096]
  // All are kept until the end: memory that was freed is not new.
  const memories = Array.from({ length: 5 }, () => new Uint8Array(bytes))
  return memories.map((memory) => {
    const began = performance.now()
    for (let at = 0; at < bytes; at += page) memory[at] = 1
    return ((performance.now() - began) * 1_000 * page) / bytes
  })
}

function sqliteVersion(): string {
  const db = new DatabaseSync(':memory:')
  const row = db.prepare('SELECT sqlite_version() AS version').get()
  db.close()
  return String(row?.version)
}

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlay',
  16914836: 'tmpfs: nothing is synced there',
}

const fileSystem = (folder: string) => FILE_SYSTEMS[statfsSync(folder).type] ?? 'unknown'
