/** Section L again: nothing that was planted is found, wherever it could have got to. */
import { fork, spawn } from 'node:child_process'
import { once as event } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { type Attack, once, type Row } from './harness/attack.ts'
import { TRACES } from './harness/canaries.ts'

/** What a child says of itself over IPC. */
interface Told {
  readonly seen: readonly string[]
  /** What it has made up and must not be found either. */
  readonly traces: readonly string[]
}

interface Run extends Told {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs a program of ours to its end. */
function run(file: string, args: readonly string[], way: 'fork' | 'spawn' = 'spawn'): Promise<Run> {
  const child =
    way === 'fork'
      ? fork(file, args, { silent: true, execArgv: [] })
      : spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let [out, err] = ['', '']
  let told: Told = { seen: [], traces: [] }
  child.stdout?.on('data', (text) => {
    out += text
  })
  child.stderr?.on('data', (text) => {
    err += text
  })
  child.on('message', (message) => {
    told = message as Told // the child sends nothing else
  })
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err, ...told })))
}

const traceIn = (text: string, { traces }: Told) => [...TRACES, ...traces].filter((trace) => text.includes(trace))
const main = join(import.meta.dirname, '../../src/cli/main.ts')

let child: Promise<Run> | undefined

/** One run for all: 250 requests with secrets and addresses in every place. */
function planted(): Promise<Run> {
  child ??= run(join(import.meta.dirname, 'canary-child.ts'), [], 'fork')
  return child
}

const EXPECTED = 'the secrets, names and addresses that were planted are not there'

const PLACES: readonly (readonly [id: string, what: string, input: string])[] = [
  ['L6', 'answer', 'the answers to 250 requests'],
  ['L6', 'headers', 'the headers of record of their deliveries'],
  ['L6', 'options', 'what `inspect` shows of the options, hidden properties too'],
  ['L6', 'receiver', 'what `inspect` shows of the receiver'],
  ['L6', 'JSON', 'what `JSON.stringify` makes of the options'],
  ['L6', 'error', 'the errors of starts that fail'],
  ['L8', 'settled', 'the events of `node:diagnostics_channel`'],
  ['L8', 'rejected', 'what the hook `rejected` is told'],
  ['L8', 'quarantined', 'what the hook `quarantined` is told'],
  ['L8', 'unhandled', 'what the hook `unhandled` is told'],
  ['L8', 'quarantine', 'the listing of the quarantine'],
  ['L7', 'metrics', 'the metrics'],
  ['L8', 'health', 'the health'],
]

const searched = ([id, what, input]: (typeof PLACES)[number]): Row => [
  id,
  input,
  EXPECTED,
  async () => {
    const told = await planted()
    const lines = told.seen.filter((line) => line.startsWith(`${what}: `))
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.filter((line) => traceIn(line, told).length > 0)).toEqual([])
  },
]

const rows: readonly Row[] = [
  [
    'L8',
    'the log of the default logger, of 250 requests with secrets and addresses in every place',
    EXPECTED,
    async () => {
      const told = await planted()
      const { code, out, err } = told
      expect(code, err).toBe(0)
      // The log is there, and says a good deal.
      for (const word of [
        'receiving /shop',
        'credential_wrong',
        'quarantine',
        'failed for good',
        'the hook "failed" threw',
      ])
        expect(err).toContain(word)
      expect(traceIn(err, told)).toEqual([])
      expect(out).toBe('')
    },
  ],
  ...PLACES.map(searched),
  [
    'L8',
    'the output of the demo',
    'no address of its own events is there',
    async () => {
      const { code, out, err } = await run(main, ['demo', '--port', '0', '--once'])
      expect([code, err]).toEqual([0, ''])
      expect(out).toContain('Sent = handled')
      expect(out).not.toMatch(/[\w.+-]+@[\w-]+\.\w/)
    },
  ],
  [
    'L6',
    'the output of `posthorn send`, with credentials in the right and in the wrong places',
    'they are not there',
    async () => {
      const server = createServer((req, res) => void req.resume().on('end', () => res.writeHead(401).end('{}')))
      await event(server.listen(0, '127.0.0.1'), 'listening')
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop` // it listens on a port
      const secret = 'canary-secret-of-send'
      for (const flags of [
        ['--token', secret],
        ['--basic', `mj:${secret}`],
        ['--header', `x-key: ${secret}`],
        ['--header', secret],
        ['--basic', secret],
        ['--tokn', secret],
        [`--tokn=${secret}`],
        [secret],
        ['--count', secret],
      ]) {
        const { code, out, err } = await run(main, ['send', 'momentum.click', '--to', url, ...flags])
        expect(code).not.toBe(0)
        expect(out + err).not.toContain(secret)
      }
      server.close()
    },
  ],
]

export const canaries: readonly Attack[] = once(rows)
