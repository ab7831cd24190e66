/** A place for one scenario: a folder, a ledger, and receiver processes on one file. All of it is gone after the test. */
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { afterAll } from 'vitest'
import { migrations } from '../../../src/inboxes/sqlite/file/db/migrations.ts'
import { Child } from '../../support/child.ts'
import { type Audit, audit } from './audit.ts'
import { later } from './cleanup.ts'
import { type Effect, readEffects } from './effects.ts'
import { Ledger } from './ledger.ts'
import type { Plan } from './plan.ts'
import { Sender } from './sender.ts'

export interface SiteOptions {
  /** What another site has sent and done already, on the same disk mounted anew. */
  readonly before?: Site
  /** Where the inbox lies; default a folder of its own. */
  readonly data?: string
  /** The checkout whose receiver is run; default this one. */
  readonly root?: string
}

const HERE = join(import.meta.dirname, '../../..')

export class Site {
  /** Where the inbox lies. */
  readonly folder: string
  readonly path: string
  readonly effectsPath: string
  readonly ledger: Ledger
  readonly #script: string
  readonly #later: boolean

  constructor({ data, root = HERE, before }: SiteOptions = {}) {
    const folder = newFolder()
    this.folder = data ?? folder
    this.path = join(this.folder, 'inbox.db')
    this.effectsPath = before?.effectsPath ?? join(folder, 'effects')
    this.ledger = before?.ledger ?? new Ledger()
    this.#later = root !== HERE
    this.#script = join(root, 'test/faults/harness/receiver-process.ts')
  }

  /** Starts a receiver; resolves when it listens, which may be before its inbox is open. */
  async launch(plan: Partial<Plan> = {}): Promise<Running> {
    const whole: Plan = { path: this.path, effects: this.effectsPath, ...plan }
    const child = new Child(this.#script, [JSON.stringify(whole)], { NODE_COMPILE_CACHE: compileCache() })
    later(() => child.kill())
    const { port } = await child.line('port')
    return new Running(child, Number(port), this.ledger)
  }

  /** As `launch`; resolves when the inbox is open. */
  async start(plan: Partial<Plan> = {}): Promise<Running> {
    const running = await this.launch(plan)
    await running.child.line('open')
    return running
  }

  /** With a copy of the files, so that the next process finds them as the last one left them. */
  async audit(): Promise<Audit> {
    const copy = newFolder()
    for (const end of ['', '-wal'])
      if (existsSync(this.path + end)) copyFileSync(this.path + end, join(copy, `inbox.db${end}`))
    if (this.#later) asOurs(join(copy, 'inbox.db'))
    return audit(join(copy, 'inbox.db'), this.ledger, this.effectsPath)
  }

  effects(): Effect[] {
    return readEffects(this.effectsPath)
  }
}

/** What the next release adds to a file is nothing that ours would read. */
function asOurs(path: string): void {
  const db = new DatabaseSync(path)
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version)
  if (version > migrations.length) db.exec(`PRAGMA user_version = ${migrations.length}`)
  db.close()
}

type Control =
  | ('health' | 'memory' | 'stats' | 'go' | 'settled' | 'metrics' | 'prune' | 'retry')
  /** What the wall clock is ahead from now on, in ms; how much time passes by every clock; what to replay, as JSON. */
  | `${'clock' | 'pass' | 'replay'}?${string}`

export class Running {
  readonly child: Child
  readonly port: number
  readonly sender: Sender

  constructor(child: Child, port: number, ledger: Ledger) {
    this.child = child
    this.port = port
    this.sender = new Sender(ledger, port)
    later(() => this.sender.destroy())
  }

  get pid(): number {
    return this.child.process.pid ?? 0
  }

  async control<T>(what: Control): Promise<T> {
    // `fetch` gives up after five minutes without an answer; work may take longer to settle.
    const asked = get(`http://127.0.0.1:${this.port}/control/${what}`, { agent: false })
    const [response] = (await once(asked, 'response')) as [IncomingMessage]
    const body = await text(response)
    if (response.statusCode !== 200) throw new Error(body)
    return JSON.parse(body) as T
  }

  async kill(): Promise<void> {
    await this.child.kill('SIGKILL')
  }

  /** SIGTERM; resolves with the exit code. */
  async end(): Promise<number | null> {
    return (await this.child.kill('SIGTERM')).code
  }
}

let cache: string | null = null

/** Starts of a process take a third of the time once one has left its compiled sources here. */
function compileCache(): string {
  cache ??= mkdtempSync(join(tmpdir(), 'posthorn-'))
  return cache
}

afterAll(() => {
  if (cache !== null) rmSync(cache, { recursive: true, force: true })
  cache = null
})

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-'))
  later(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
