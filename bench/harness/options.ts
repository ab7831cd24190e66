/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util'
import type { Options } from './context.ts'

export const USAGE = `npm run bench -- [scenario …] [--quick] [--long] [--out file]

  scenario   any of those below; default all
  --quick    fewer rounds and subjects: under five minutes for all
  --long     also what takes many minutes: a backlog of a million deliveries
  --out      where the JSON goes; default bench/results/latest.json
`

export interface CommandLine extends Options {
  readonly scenarios: readonly string[]
  readonly out: string | null
}

/** @throws TypeError that says what is wrong with the arguments */
export function readArguments(args: readonly string[], known: readonly string[]): CommandLine | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  })
  if (values.help) return 'help'
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new TypeError(`there is no scenario ${unknown}; there are ${known.join(', ')}`)
  const { quick, long, out = null } = values
  return {
    quick,
    long,
    out,
    scenarios: positionals.length === 0 ? known : known.filter((n) => positionals.includes(n)),
  }
}
