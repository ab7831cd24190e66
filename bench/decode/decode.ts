/** A process that reads one body over and over, as JSON.parse alone and as we do. Arguments: provider, file, rounds. */
import { readFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import type { ProviderName } from '../bodies/bodies.ts'
import type { Timing } from '../scenarios/decode.ts'
import { readBody, scanOnly } from './read-body.ts'

const WARM_UP = 5
const [provider, file, rounds] = process.argv.slice(2)
const bytes = new Uint8Array(readFileSync(file ?? ''))

async function round(): Promise<Timing> {
  const parseMs = await timed(() => (JSON.parse(Buffer.from(bytes.buffer).toString()) as unknown[]).length)
  const scanMs = await timed(() => scanOnly(provider as ProviderName, bytes))
  const readMs = await timed(() => readBody(provider as ProviderName, bytes, false))
  const eventsMs = await timed(() => readBody(provider as ProviderName, bytes, true))
  return { parseMs, scanMs, readMs, eventsMs }
}

async function timed(run: () => number): Promise<number> {
  const began = performance.now()
  const count = run()
  const ms = performance.now() - began
  if (count !== 10_000) throw new Error(`${count} events were read instead of 10 000`)
  await turn()
  return ms
}

const timings: Timing[] = []
for (let n = 0; n < WARM_UP + Number(rounds); n++) {
  const timing = await round()
  if (n >= WARM_UP) timings.push(timing)
}
process.send?.(timings, () => process.disconnect())
