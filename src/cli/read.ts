/** `posthorn read`: a body of a file or of stdin, read into events, or why not. Asks nobody, stores nothing. */
import { readFile } from 'node:fs/promises'
import { unauthenticated } from '../auth/index.ts'
import { OptionError } from '../errors.ts'
import { didYouMean } from '../lib/nearest.ts'
import type { MakeSource } from '../providers/kit/sender.ts'
import * as list from '../providers/list.ts'
import { read } from '../read/index.ts'
import { say } from './out/streams.ts'
import { showReading } from './show.ts'

const auth = unauthenticated()

const SENDERS = new Map(list.SENDERS.flatMap(({ sources }) => Object.entries(sources)))

export interface ReadOptions {
  readonly timeZone: string
  readonly json: boolean
}

/**
 * The exit code: 0 when all of the body could be read, 1 when not. `-` as the file is stdin.
 * @throws OptionError when it was called wrongly, an error of the file system when the file cannot be read
 */
export async function readBody(
  sender: string,
  file: string,
  { timeZone, json }: ReadOptions,
  stdin: AsyncIterable<Uint8Array>,
): Promise<0 | 1> {
  const source = sourceOf(sender)(auth, timeZone)
  const reading = read(source, file === '-' ? await gathered(stdin) : await readFile(file))
  if (json) say(JSON.stringify(reading, null, 2))
  else showReading(reading)
  return reading.unreadable.length === 0 ? 0 : 1
}

function sourceOf(sender: string): MakeSource {
  const source = SENDERS.get(sender)
  if (source !== undefined) return source
  const hint = didYouMean(sender, SENDERS.keys()) || `; there are ${[...SENDERS.keys()].join(', ')}`
  throw new OptionError(`there is no sender ${JSON.stringify(sender)}${hint}`)
}

async function gathered(stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) chunks.push(chunk)
  return Buffer.concat(chunks)
}
