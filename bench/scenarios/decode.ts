/** What scanning, validating and normalising cost on top of `JSON.parse`, without I/O. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { ProviderName } from '../bodies/bodies.ts'
import type { Context } from '../harness/context.ts'
import { firstMessage } from '../harness/processes.ts'
import { Figures } from '../harness/results.ts'
import type { Trials } from '../harness/trial.ts'
import type { Scenario } from './scenario.ts'

const how =
  'A body of 10 000 events as bytes: decoded and parsed by JSON.parse whole; and by us: scanned, parsed in slices, ' +
  'validated and normalised; and made into the events that handlers get besides. Each in a process of its own, from ' +
  'the sources, so that each pays for its own garbage: the mean of the rounds of a process, after twenty that warm up. ' +
  'The least of the rounds has no collection of garbage in it.'

export const decode: Scenario = { name: 'decode', title: 'Scan, validation and normalisation', run }

const PROVIDERS: readonly ProviderName[] = ['momentum', 'mailjet', 'esputnik']
const WAYS = ['parse', 'scan', 'read', 'events'] as const

export type Way = (typeof WAYS)[number]

/** What one process found, in milliseconds for one body. */
export interface Timing {
  readonly meanMs: number
  readonly leastMs: number
}

async function run({ context }: Trials) {
  const figures = new Figures()
  for (const provider of PROVIDERS)
    for (let round = 0; round < context.either(1, 5); round++) {
      context.log(`  decode, ${provider}: round ${round + 1}`)
      add(figures, provider, await timeAll(context, provider))
    }
  return figures.result({ ...decode, how })
}

async function timeAll(context: Context, provider: ProviderName): Promise<Record<Way, Timing>> {
  const { file } = context.body(provider, 10_000)
  const timings: [Way, Timing][] = []
  for (const way of WAYS) timings.push([way, await timeOne(way, provider, file)])
  return Object.fromEntries(timings) as Record<Way, Timing>
}

async function timeOne(way: Way, provider: ProviderName, file: string): Promise<Timing> {
  const child = fork(join(import.meta.dirname, '../decode/decode.ts'), [way, provider, file, '30'], { execArgv: [] })
  const exit = once(child, 'exit')
  const timing = await firstMessage(child, `the process that reads a body of ${provider}`)
  await exit
  return timing as Timing
}

function add(figures: Figures, provider: ProviderName, { parse, scan, read, events }: Record<Way, Timing>): void {
  const put = figures.of('posthorn', `${provider}, 10 000 events`)
  put('JSON.parse', 'ms', parse.meanMs)
  put('scan alone', 'ms', scan.meanMs)
  put('scan, parse, validate, normalise', 'ms', read.meanMs)
  put('on top of JSON.parse', '%', (read.meanMs / parse.meanMs - 1) * 100)
  put('on top, least of the rounds', '%', (read.leastMs / parse.leastMs - 1) * 100)
  put('event objects too', 'ms', events.meanMs)
  put('with event objects, on top of JSON.parse', '%', (events.meanMs / parse.meanMs - 1) * 100)
}
