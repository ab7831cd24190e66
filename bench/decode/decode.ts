/**
 * A process that reads one body over and over in one way, so that it pays for the garbage of that way and of no other.
 * Arguments: way, provider, file, rounds.
 */
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { ProviderName } from '../bodies/bodies.ts'
import type { Timing, Way } from '../scenarios/decode.ts'
import { readBody, scanOnly } from './read-body.ts'

/** Until the code is optimised and the heap has its size. */
const WARM_UP = 20
const [way, name, file, rounds] = process.argv.slice(2)
const bytes = new Uint8Array(readFileSync(file ?? ''))
const provider = name as ProviderName

const WAYS: Readonly<Record<Way, () => number>> = {
  parse: () => (JSON.parse(Buffer.from(bytes.buffer).toString()) as unknown[]).length,
  scan: () => scanOnly(provider, bytes),
  read: () => readBody(provider, bytes, false),
  events: () => readBody(provider, bytes, true),
}

async function timed(run: () => number): Promise<number> {
  const began = performance.now()
  const count = run()
  const ms = performance.now() - began
  if (count !== 10_000) throw new Error(`${count} events were read instead of 10 000`)
  await turn()
  return ms
}

async function measure(run: () => number): Promise<Timing> {
  for (let n = 0; n < WARM_UP; n++) await timed(run)
  let [sumMs, leastMs] = [0, Number.POSITIVE_INFINITY]
  for (let n = 0; n < Number(rounds); n++) {
    const ms = await timed(run)
    sumMs += ms
    leastMs = Math.min(leastMs, ms)
  }
  return { meanMs: sumMs / Number(rounds), leastMs }
}

const timing = await measure(WAYS[way as Way])
process.send?.(timing, () => process.disconnect())
