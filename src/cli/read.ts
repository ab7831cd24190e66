/** `posthorn read`: a body of a file or of stdin, read into events, or why not. Asks nobody, stores nothing. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { unauthenticated } from '../auth/index.ts'
import { OptionError } from '../errors.ts'
import { codeOf } from '../lib/code-of.ts'
import { nearest } from '../lib/nearest.ts'
import type { Source } from '../ports/provider.ts'
import { esputnik } from '../providers/esputnik/index.ts'
import { mailjet } from '../providers/mailjet/index.ts'
import { momentum } from '../providers/momentum/index.ts'
import { sparkpost } from '../providers/momentum/sparkpost.ts'
import { type ReadResult, read } from '../read/index.ts'
import type { AnyEvent } from '../types.ts'
import { say, showReading } from './show.ts'

const FLAGS = {
  json: { type: 'boolean', default: false },
  'time-zone': { type: 'string', default: 'UTC' },
} as const

const auth = unauthenticated()

const SENDERS = new Map<string, (timeZone: string) => Source<AnyEvent>>([
  ['momentum', () => momentum({ auth })],
  ['sparkpost', () => sparkpost({ auth })],
  ['mailjet', () => mailjet({ auth })],
  ['esputnik', (timeZone) => esputnik({ auth, timeZone })],
])

/** The exit code: 0 when all of the body could be read, 1 when not, 2 when it was called wrongly. */
export async function readCommand(args: readonly string[], stdin: AsyncIterable<Uint8Array>): Promise<0 | 1 | 2> {
  try {
    const { source, file, json } = toReading(args)
    const reading = read(source, await bytesOf(file, stdin))
    if (json) say(JSON.stringify(reading, null, 2))
    else showReading(reading)
    return isWhole(reading) ? 0 : 1
  } catch (error) {
    // parseArgs and our own checks throw TypeErrors; anything else is a fault.
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`posthorn read: ${error.message}\n`)
    return 2
  }
}

const isWhole = ({ unreadable }: ReadResult<AnyEvent>) => unreadable.length === 0

function toReading(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: [...args], options: FLAGS, allowPositionals: true })
  const [sender, file, ...more] = positionals
  if (sender === undefined || file === undefined || more.length > 0)
    throw new OptionError('expected a sender and a file, such as: momentum body.json; - is stdin')
  return { source: sourceOf(sender)(values['time-zone']), file, json: values.json }
}

function sourceOf(sender: string): (timeZone: string) => Source<AnyEvent> {
  const source = SENDERS.get(sender)
  if (source !== undefined) return source
  const near = nearest(sender, SENDERS.keys())
  const hint = near === null ? `; there are ${[...SENDERS.keys()].join(', ')}` : `; did you mean ${near}?`
  throw new OptionError(`there is no sender ${JSON.stringify(sender)}${hint}`)
}

async function bytesOf(file: string, stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (file === '-') return gathered(stdin)
  try {
    return await readFile(file)
  } catch (error) {
    throw new OptionError(`${file} cannot be read: ${codeOf(error)}`)
  }
}

async function gathered(stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) chunks.push(chunk)
  return Buffer.concat(chunks)
}
