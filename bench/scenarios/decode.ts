/** What scanning, validating and normalising cost on top of `JSON.parse`, in one process without I/O. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ProviderName } from '../bodies/bodies.ts'
import { Figures } from '../results.ts'
import type { Trials } from '../trial.ts'
import type { Scenario } from './scenario.ts'

const how =
  'A body of 10 000 events as bytes: decoded and parsed by JSON.parse whole; and by us: scanned, parsed in slices, ' +
  'validated and normalised; and made into the events that handlers get besides. In turn, in one process, from ' +
  'the sources; the first rounds warm up and are not counted.'

export const decode: Scenario = { name: 'decode', title: 'Scan, validation and normalisation', run }

const PROVIDERS: readonly ProviderName[] = ['momentum', 'mailjet', 'esputnik']

async function run({ context }: Trials) {
  const figures = new Figures()
  for (const provider of PROVIDERS) {
    context.log(`  decode, ${provider}`)
    const { file } = context.body(provider, 10_000)
    const rounds = context.either(10, 30)
    const script = join(import.meta.dirname, '../decode/decode.ts')
    const child = fork(script, [provider, file, String(rounds)], { execArgv: [] })
    const [timings]: readonly Timing[][] = await once(child, 'message')
    await once(child, 'exit')
    for (const { parseMs, scanMs, readMs, eventsMs } of timings ?? []) {
      const add = figures.of('posthorn', `${provider}, 10 000 events`)
      add('JSON.parse', 'ms', parseMs)
      add('scan alone', 'ms', scanMs)
      add('scan, parse, validate, normalise', 'ms', readMs)
      add('on top of JSON.parse', '%', (readMs / parseMs - 1) * 100)
      add('event objects too', 'ms', eventsMs)
      add('with event objects, on top of JSON.parse', '%', (eventsMs / parseMs - 1) * 100)
    }
  }
  return figures.result({ ...decode, how })
}

export interface Timing {
  readonly parseMs: number
  readonly scanMs: number
  readonly readMs: number
  readonly eventsMs: number
}
