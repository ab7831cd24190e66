/** `posthorn bench-disk`: whether a disk is quick enough for an inbox, before one lies on it. */
import { resolve } from 'node:path'
import { type SyncedWrites, syncedWrites } from './doctor/synced-writes.ts'
import { bytesText } from './out/format.ts'
import { showFacts } from './out/lines.ts'
import { say } from './out/streams.ts'

export interface BenchDiskOptions {
  readonly count: number
  readonly json: boolean
}

/** A small delivery, and a batch as large as senders post. */
const SIZES = [4_096, 1 << 20]
/** Momentum gives up first, after 6 s; a tenth of it leaves room for a queue of writes. */
const [LIMIT_MS, SLOW_MS] = [6_000, 600]

/** The exit code: 0 when it is quick enough, 1 when not. */
export async function benchDisk(folder: string, { count, json }: BenchDiskOptions): Promise<0 | 1> {
  const at = resolve(folder)
  const writes = SIZES.map((bytes) => syncedWrites(at, count, bytes))
  const slowest = Math.max(...writes.map(({ p99Ms }) => p99Ms))
  const ok = slowest < SLOW_MS
  if (json) say(JSON.stringify({ ok, folder: at, limitMs: LIMIT_MS, writes }))
  else showFacts([['folder', at], ...writes.map(factOf), ['verdict', verdict(slowest)]])
  return ok ? 0 : 1
}

const factOf = ({ bytes, count, p50Ms, p99Ms, maxMs }: SyncedWrites): [string, string] => [
  `${bytesText(bytes)} synced`,
  `p50 ${p50Ms} ms, p99 ${p99Ms} ms, the slowest of ${count} ${maxMs} ms`,
]

function verdict(p99Ms: number): string {
  const times = Math.floor(LIMIT_MS / Math.max(p99Ms, 0.01))
  if (p99Ms < SLOW_MS) return `quick enough: Momentum, the first to give up, waits ${times} times as long (6 s)`
  return `too slow: a few writes in a row take the 6 s after which Momentum gives up; choose a local SSD`
}
