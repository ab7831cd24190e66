/** What the parts of storing one large body take here, each alone: nobody who keeps what he acknowledges does without. */
import { createHash } from 'node:crypto'
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from '../src/inboxes/sqlite/coding.ts'
import { bodyOf } from './bodies/bodies.ts'
import { spreadOf } from './stats.ts'

const ROUNDS = 9

export function floorOfLargeBody(folder: string): string {
  const body = Buffer.from(bodyOf('momentum', 10_000))
  const { bytes } = encode(body)
  const hash = medianOf(() => createHash('sha256').update(body).digest())
  const coding = medianOf(() => encode(body))
  const [coded, plain] = [bytes, body].map((one) => writeTime(folder, one))
  return `${mb(body)}: SHA-256 ${hash}, compressed ${coding} to ${mb(bytes)}, written and synced ${coded}, as it is ${plain}`
}

function writeTime(folder: string, bytes: Uint8Array): string {
  const path = join(folder, `posthorn-bench-floor-${process.pid}`)
  const file = openSync(path, 'w')
  try {
    return medianOf(() => {
      for (let at = 0; at < bytes.length; at += writeSync(file, bytes, at));
      fdatasyncSync(file)
    })
  } finally {
    closeSync(file)
    rmSync(path)
  }
}

function medianOf(run: () => unknown): string {
  const times = Array.from({ length: ROUNDS }, () => {
    const began = performance.now()
    run()
    return performance.now() - began
  })
  return `${spreadOf(times).median.toFixed(1)} ms`
}

const mb = ({ length }: Uint8Array) => `${(length / 1e6).toFixed(1)} MB`
