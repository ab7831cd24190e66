/** How long a write takes until the disk has it: each acknowledgement waits for one. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface SyncedWrites {
  /** Of each write. */
  readonly bytes: number
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** To a file of its own in the folder, which it removes. @throws an error of the file system */
export function syncedWrites(folder: string, count: number, bytes: number): SyncedWrites {
  const probe = join(folder, `posthorn-disk-${process.pid}`)
  const fd = openSync(probe, 'wx', 0o600)
  try {
    const block = Buffer.alloc(bytes, 1)
    const times = Array.from({ length: count }, () => syncedWrite(fd, block)).sort((a, b) => a - b)
    const at = (share: number) => times[Math.min(count - 1, Math.floor(count * share))] ?? 0
    return { bytes, count, p50Ms: rounded(at(0.5)), p99Ms: rounded(at(0.99)), maxMs: rounded(times.at(-1) ?? 0) }
  } finally {
    closeSync(fd)
    rmSync(probe)
  }
}

const rounded = (ms: number) => Math.round(ms * 100) / 100

function syncedWrite(fd: number, block: Buffer): number {
  const began = performance.now()
  writeSync(fd, block)
  fdatasyncSync(fd)
  return performance.now() - began
}
