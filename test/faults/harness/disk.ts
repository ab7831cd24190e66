/** Small disks of our own: a tmpfs of a given size, and an ext4 in a file that can be copied as after a power cut. */
import { execFileSync } from 'node:child_process'
import { constants, copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { later } from './cleanup.ts'
import { newFolder } from './site.ts'

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

export interface Disk {
  readonly folder: string
  remount(options: string): void
  unmount(): void
}

function mounted(folder: string, args: readonly string[]): Disk {
  run('mount', ...args, folder)
  let there = true
  const unmount = () => {
    if (there) run('umount', folder)
    there = false
  }
  // Processes on it are gone by then: they were started later, and end earlier.
  later(unmount)
  return { folder, unmount, remount: (options) => run('mount', '-o', `remount,${options}`, folder) }
}

export function memoryDisk(options: string): Disk {
  return mounted(newFolder(), ['-t', 'tmpfs', '-o', options, 'tmpfs'])
}

export interface Image {
  readonly file: string
  mount(): Disk
}

/** An empty ext4. Its journal is not written out by time while a test runs, only by syncs. */
export function newImage(megabytes: number): Image {
  const file = join(newFolder(), 'disk')
  run('truncate', '-s', `${megabytes}M`, file)
  run('mkfs.ext4', '-q', '-F', '-m', '0', file)
  return imageAt(file)
}

function imageAt(file: string): Image {
  return {
    file,
    mount() {
      const folder = join(newFolder(), 'mounted')
      mkdirSync(folder)
      return mounted(folder, ['-o', 'loop,commit=300', file])
    },
  }
}

/** What the disk holds at this moment, as if the power had gone: what was never synced is not in it. */
export function powerCut(image: Image): Image {
  const file = join(newFolder(), 'disk')
  copyFileSync(image.file, file, constants.COPYFILE_FICLONE)
  return imageAt(file)
}

/** Stops a process and resolves when none of its threads is on its way through the kernel any more. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  while (!threadsOf(pid).every((state) => state === 'T')) await new Promise((resolve) => setImmediate(resolve))
}

function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    // The name before it stands in brackets and may hold anything.
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
  })
}
