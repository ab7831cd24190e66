/** What the parts of storing one large body take here, each alone: nobody who keeps what he acknowledges does without. */
import { createHash } from 'node:crypto'
import { encode } from '../../src/inboxes/sqlite/file/bodies/coding.ts'
import { bodyOf } from '../bodies/bodies.ts'
import { type Spread, spreadOf } from './stats.ts'
import { syncedWrites, timesOf } from './synced-writes.ts'

const ROUNDS = 9

export function floorOfLargeBody(folder: string): string {
  const body = Buffer.from(bodyOf('momentum', 10_000))
  const { bytes } = encode(body)
  const hash = ms(spreadOf(timesOf(ROUNDS, () => createHash('sha256').update(body).digest())))
  const coding = ms(spreadOf(timesOf(ROUNDS, () => encode(body))))
  const [coded, plain] = [bytes, body].map((one) => ms(syncedWrites(folder, one, ROUNDS)))
  return `${mb(body)}: SHA-256 ${hash}, compressed ${coding} to ${mb(bytes)}, written and synced ${coded}, as it is ${plain}`
}

const ms = ({ median }: Spread) => `${median.toFixed(1)} ms`
const mb = ({ length }: Uint8Array) => `${(length / 1e6).toFixed(1)} MB`
