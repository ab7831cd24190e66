/** What it takes here to write to a file and to sync it. */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Spread, spreadOf } from './stats.ts'

/** Of so many writes of these bytes, one after the other, in ms. */
export function syncedWrites(folder: string, bytes: Uint8Array, count: number): Spread {
  const path = join(folder, `posthorn-bench-sync-${process.pid}`)
  const file = openSync(path, 'w')
  const times = timesOf(count, () => {
    for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at));
    fdatasyncSync(file)
  })
  closeSync(file)
  rmSync(path)
  return spreadOf(times)
}

/** In ms, run by run. */
export function timesOf(count: number, run: () => unknown): number[] {
  return Array.from({ length: count }, () => {
    const began = performance.now()
    run()
    return performance.now() - began
  })
}
