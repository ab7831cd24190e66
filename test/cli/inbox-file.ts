/** Inboxes for the command line to look into, and the command as it is typed. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver, PermanentError } from 'posthorn'
import { unauthenticated } from 'posthorn/auth'
import { mailjet } from 'posthorn/mailjet'
import { momentum } from 'posthorn/momentum'
import { sqlite } from 'posthorn/sqlite'
import { afterAll, vi } from 'vitest'
import { run } from '../../src/cli/run.ts'

const auth = unauthenticated()
const main = join(import.meta.dirname, '../../src/cli/main.ts')

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-cli-'))
  folders.push(folder)
  return folder
}

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

export interface Database {
  isDown: boolean
  readonly saved: string[]
}

/** A shop and a newsletter; `suppress` fails for good while its database is down. */
export function receiverAt(path: string, database: Database = { isDown: true, saved: [] }) {
  const sources = { shop: momentum({ auth }), news: mailjet({ auth }) }
  const receiver = createReceiver({ inbox: sqlite({ path }), logger: false, sources })
  receiver.on('bounced', { name: 'suppress' }, (event) => {
    if (database.isDown)
      throw Object.assign(new PermanentError('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
    database.saved.push(event.id)
  })
  receiver.on('*', { name: 'warehouse' }, () => {})
  return { receiver, database }
}

export const bounce = (n: number) => ({
  msys: {
    message_event: {
      ...{ type: 'bounce', event_id: `9270232${n}`, message_id: `message-${n}`, rcpt_to: `jo${n}@shop.example` },
      ...{ bounce_class: '10', raw_reason: '550 5.1.1 User unknown', error_code: '550', timestamp: '1780000000' },
    },
  },
})
export const click = (n: number) => ({
  msys: {
    track_event: { type: 'click', event_id: `8270232${n}`, rcpt_to: `jo${n}@shop.example`, timestamp: '1780000001' },
  },
})
export const opened = { event: 'open', time: 1780000000, MessageID: 1234567, email: 'ann@news.example' }

export const dumped = (...elements: object[]): string => JSON.stringify(elements)

/** Four deliveries: two dead letters, one that cannot be read; nobody owns the file any more. */
export async function seeded(): Promise<{ folder: string; path: string }> {
  const folder = newFolder()
  const path = join(folder, 'inbox.db')
  const { receiver } = receiverAt(path)
  await receiver.start()
  for (const n of [1, 2]) {
    await receiver.inject('shop', dumped(bounce(n), click(n)))
    await receiver.whenIdle()
  }
  await receiver.inject('news', dumped(opened))
  await receiver.inject('news', '[{"event":"open"},{"event":]')
  await receiver.whenIdle()
  await receiver.close()
  return { folder, path }
}

export interface Typed {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** In this process: as if it had no terminal, or on one with so many columns. */
export async function typed(args: readonly string[], columns: number | null = null): Promise<Typed> {
  const written = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += typeof text === 'string' ? text : Buffer.from(text).toString()
      return true
    })
  const { isTTY, columns: width } = process.stdout
  Object.assign(process.stdout, { isTTY: columns !== null, columns: columns ?? undefined })
  try {
    return { code: await run([...args]), out: written.stdout, err: written.stderr }
  } finally {
    vi.restoreAllMocks()
    Object.assign(process.stdout, { isTTY, columns: width })
  }
}

/** In a process of its own, without a terminal. */
export function typedApart(args: readonly string[], cwd?: string): Promise<Typed> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text
    })
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

/** Times of receipt and of failures differ from run to run; those of the senders are the same. */
export const steady = (text: string): string =>
  text.replaceAll(/2026-(?!05)\d\d-\d\d \d\d:\d\d:\d\dZ/g, '2026-11-11 11:11:11Z')

export const rowsOf = (out: string): string[][] =>
  out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))

export const objectsOf = (out: string): Array<Record<string, unknown>> =>
  out
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
