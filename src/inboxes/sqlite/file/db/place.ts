/** Where a file lies: mounts and file systems on which an inbox loses what it has acknowledged. */
import { readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { PosthornError } from '../../../../errors.ts'

const WHY = {
  memory: 'what is stored there is gone when the machine, or the container, ends',
  remote:
    'it may keep neither the locks nor the syncs of an inbox, so that two processes own the file, or what was acknowledged is lost',
}

/** By `f_type` (statfs(2), linux/magic.h, Nov 2026), with why nothing should be kept there. */
const FILE_SYSTEMS: ReadonlyMap<number, readonly [name: string, why: keyof typeof WHY]> = new Map([
  [0x01021994, ['tmpfs', 'memory']],
  [0x858458f6, ['ramfs', 'memory']],
  [0x6969, ['NFS', 'remote']],
  [0x517b, ['SMB', 'remote']],
  [0xfe534d42, ['SMB', 'remote']],
  [0xff534d42, ['CIFS', 'remote']],
  [0x01021997, ['9p', 'remote']],
  [0x65735546, ['FUSE', 'remote']],
])

/** One sentence for a file system that keeps less than an inbox promises. */
export function warningsAboutFileSystem(path: string): string[] {
  return warningsAboutType(path, statfsSync(dirname(path)).type)
}

/** Exported for tests: most of these file systems are not available everywhere. */
export function warningsAboutType(path: string, type: number): string[] {
  const found = process.platform === 'linux' ? FILE_SYSTEMS.get(type >>> 0) : undefined
  return found === undefined ? [] : [`${path} lies on ${found[0]}: ${WHY[found[1]]}`]
}

/**
 * A file that is mounted by itself, as with `-v inbox.db:/data/inbox.db`, is in a directory of the container: there lies
 * its log, with what was acknowledged last, and its lock, which no other container sees.
 * @throws ERR_INBOX_MOUNT
 */
export function assertMountedWhole(path: string): void {
  const [warning] = warningsAboutMount(path)
  if (warning !== undefined) throw new PosthornError('ERR_INBOX_MOUNT', warning)
}

/** What to save first, then how to mount the folder. */
export function warningsAboutMount(path: string): string[] {
  if (!mountPoints().includes(path)) return []
  return [
    `${whatIsInTheLog(path)}${path} is mounted into ${dirname(path)} as a single file, so that its log and its lock stay ` +
      'outside of the mount: mount the directory of the file instead.',
  ]
}

function whatIsInTheLog(path: string): string {
  const log = `${path}-wal`
  const bytes = statSync(log, { throwIfNoEntry: false })?.size ?? 0
  if (bytes === 0) return ''
  return (
    `${log} holds acknowledged deliveries (${bytes} bytes) and is gone with this container: before you remove it, copy ` +
    `${path}* out of it, together (docker cp, from the stopped container). `
  )
}

/** The fifth field of each line; space, tab, newline and backslash are written in octal (proc_pid_mountinfo(5)). */
function mountPoints(): string[] {
  const lines = mountInfo().split('\n')
  return lines.map((line) =>
    (line.split(' ')[4] ?? '').replaceAll(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))),
  )
}

/** Linux alone; elsewhere nothing is found. */
function mountInfo(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return ''
  }
}
