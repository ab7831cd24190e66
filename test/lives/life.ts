/**
 * One random life of a file: processes that are killed or end, posts over HTTP, handlers of every kind that fail, copies
 * of events, pauses, retries, replays and erasures by a second process, leaps of the clock, syncs that fail. It ends well:
 * the last process settles all there is, and the audit looks at it from outside.
 */
import { copyFileSync, existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReceiver } from '../../src/core/receiver.ts'
import { sqlite } from '../../src/inboxes/sqlite/index.ts'
import type { Ledger, Element as Posted, Sent } from '../faults/harness/ledger.ts'
import { HANDLERS, movedName } from '../faults/harness/lives.ts'
import { between, type Random } from '../faults/harness/random.ts'
import { type Running, Site } from '../faults/harness/site.ts'
import { filesOf, tamper } from '../faults/harness/strace.ts'
import { lackingOf } from '../faults/harness/tools.ts'
import { toy } from '../support/toy.ts'
import { auditLife, type Effects, type Replayed } from './audit.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LEAPS = [0, -1_000, -HOUR, -DAY, DAY, 400 * DAY]
const plan = { handler: 'lives', retry: { minMs: 10, maxMs: 200 }, dedupeWindowMs: 2 * DAY } as const
/** Of all batches. */
const LONG = 0.02
const canTamper = lackingOf(['strace']).length === 0

export interface Lived {
  readonly faults: readonly string[]
  readonly processes: number
  readonly kills: number
  readonly events: number
  readonly replays: number
  readonly erased: number
  readonly verbs: number
}

export async function live(random: Random, processes: number, postsOfEach: number): Promise<Lived> {
  const life = new Life(random, postsOfEach)
  for (let generation = 0; generation < processes; generation++) await life.process(generation)
  return life.end(processes)
}

type Control = ReturnType<typeof controlOf>

class Life {
  readonly #random: Random
  readonly #site = new Site()
  readonly #postsOfEach: number
  readonly #replays: Replayed[] = []
  readonly #erased: string[] = []
  readonly #touched: string[] = []
  readonly #told: string[] = []
  #clockMs = 0
  readonly #cut: Effects[] = []
  /** The process has failing syncs, or is killed. */
  #isCut = false
  #kills = 0
  #verbs = 0
  #erasable = 0

  constructor(random: Random, postsOfEach: number) {
    this.#random = random
    this.#postsOfEach = postsOfEach
  }

  async process(generation: number): Promise<void> {
    const from = this.#site.effects().length
    this.#isCut = false
    const running = await this.#site.start({ ...plan, generation, clockMs: this.#clockMs })
    const control = controlOf(this.#site)
    const next = this.#batches(this.#site.ledger)
    let left = this.#postsOfEach
    const load = running.sender.load(3, () => (left-- > 0 ? next() : null))
    for (let step = between(this.#random, 2, 6); step > 0; step--) {
      await running.sender.acknowledgements(between(this.#random, 0, this.#postsOfEach >> 2))
      await this.#step(running, control, generation)
    }
    await control.close()
    await this.#stop(running)
    await load
    if (this.#isCut) this.#cut.push({ from, to: this.#site.effects().length })
  }

  async end(generation: number): Promise<Lived> {
    const running = await this.#site.start({ ...plan, generation, clockMs: this.#clockMs })
    const control = controlOf(this.#site)
    for (const name of this.#names(generation)) await control.inbox.resume(name)
    await running.sender.load(3, () => null)
    const isSettled = await settles(running, this.#site)
    const left = isSettled ? null : await control.inbox.stats()
    const kept = isSettled ? null : keptOf(this.#site.path)
    await control.close()
    const code = await running.end()
    const found = !isSettled
      ? [`work is left that nobody takes up: ${JSON.stringify(left)}; as it was: ${kept}`]
      : await auditLife(this.#site, {
          replays: this.#replays,
          erased: this.#erased,
          touched: this.#touched,
          cut: this.#cut,
        })
    const faults = [...(code === 0 ? [] : [`ended with ${code}`]), ...found]
    const events = this.#site.ledger.sent.reduce((sum, { count }) => sum + count, 0)
    const counts = { kills: this.#kills, events, replays: this.#replays.length, erased: this.#erased.length }
    return {
      faults: faults.length > 0 ? [...faults, this.#told.join('; ')] : [],
      processes: generation + 1,
      ...counts,
      verbs: this.#verbs,
    }
  }

  /** An owner that ends in the middle of it leaves it undone, or done and not told. */
  async #step(running: Running, control: Control, generation: number): Promise<void> {
    const dice = this.#random()
    const handler = this.#names(generation)[between(this.#random, 0, HANDLERS.length - 1)] ?? ''
    if (dice < 0.2) await this.#leap(running)
    else if (dice < 0.3) await this.#failSyncs(running)
    else if (dice < 0.45) await this.#verb('pause', () => control.inbox.pause(handler))
    else if (dice < 0.6) await this.#verb('resume', () => control.inbox.resume(handler))
    else if (dice < 0.7) await this.#verb('retry', () => control.inbox.retry({ all: true }))
    else if (dice < 0.85) await this.#verb('replay', () => this.#replay(control))
    else await this.#verb('erase', () => this.#erase(control))
  }

  async #leap(running: Running): Promise<void> {
    this.#clockMs = LEAPS[between(this.#random, 0, LEAPS.length - 1)] ?? 0
    this.#told.push(`clock ${this.#clockMs}`)
    await running.control(`clock?${this.#clockMs}`)
  }

  async #failSyncs(running: Running): Promise<void> {
    if (!canTamper) return
    this.#told.push('syncs fail')
    this.#isCut = true
    const when = `${between(this.#random, 1, 4)}`
    const fault = { calls: 'fsync,fdatasync', fault: 'error=EIO', when, files: filesOf(this.#site.path) }
    const tampering = await tamper(running.pid, fault)
    await new Promise((resolve) => setTimeout(resolve, between(this.#random, 20, 200)))
    await tampering.stop()
  }

  /** What it is refused for while syncs fail is not done. */
  async #verb(name: string, run: () => Promise<unknown>): Promise<void> {
    this.#told.push(name)
    this.#verbs++
    await run().catch((error: Error) => void this.#told.push(`${name}: ${error.message}`))
  }

  async #replay(control: Control): Promise<void> {
    const { run, queued } = await control.inbox.replay({ all: true })
    this.#replays.push({ run, queued })
  }

  /** Of somebody whose posts have all been answered. */
  async #erase(control: Control): Promise<void> {
    const email = `gone${between(this.#random, 0, this.#erasable)}@b.example`
    if (this.#site.ledger.open.some(({ body }) => body.includes(email)) || this.#touched.includes(email)) return
    this.#erasable++
    this.#touched.push(email)
    await control.inbox.erase({ email })
    this.#erased.push(email)
  }

  async #stop(running: Running): Promise<void> {
    // In the middle of what it works on: before anything of it was saved, and after that.
    const ms = this.#random() < 0.3 ? between(this.#random, 900, 1_600) : between(this.#random, 0, 30)
    await new Promise((resolve) => setTimeout(resolve, ms))
    if (this.#random() < 0.6) {
      this.#kills++
      this.#isCut = true
      this.#told.push('kill')
      await running.kill()
    } else {
      this.#told.push('end')
      await running.end()
    }
  }

  #names(generation: number): string[] {
    return ['plain', 'batch', 'kept', movedName(generation)]
  }

  /** Keys go across addresses; one in ten is a copy of an event of before. */
  #batches(ledger: Ledger): () => Sent {
    const random = this.#random
    return () =>
      random() < LONG
        ? ledger.add(this.#longBatch())
        : ledger.add(Array.from({ length: between(random, 1, 12) }, () => this.#event()))
  }

  /** Its handlers take long over it, so that processes are killed in the middle of it. */
  #longBatch(): Posted[] {
    const isSlow = this.#random() < 0.5
    return Array.from({ length: between(this.#random, 100, 300) }, () => {
      const { to: _, ...event } = this.#event()
      return { ...event, ...(isSlow && { slow: true }) }
    })
  }

  #event(): Posted {
    const random = this.#random
    const dice = random()
    const one = HANDLERS[between(random, 0, HANDLERS.length - 1)] ?? 'plain'
    return {
      to: random() < 0.05 ? `gone${this.#erasable + 1}@b.example` : `a${between(random, 0, 9)}@b.example`,
      ...(random() < 0.9 && { key: `k${between(random, 0, 7)}` }),
      ...(random() < 0.3 && { id: `e${between(random, 0, 400)}` }),
      ...(dice < 0.15 && { fails: [one] }),
      ...(dice > 0.97 && { dies: [one] }),
      ...(dice > 0.5 && dice < 0.6 && { slow: true }),
    }
  }
}

/** The file, with its log, as it is while its process has it: for whoever looks into what is left. */
function keptOf(path: string): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'posthorn-left-')), 'inbox.db')
  for (const end of ['', '-wal']) if (existsSync(path + end)) copyFileSync(path + end, copy + end)
  return copy
}

/** Without a call that goes through for so long: after everything that the plan has anybody wait for. */
const STILL_MS = 60_000

/** On a slow machine it takes as long as it takes. */
async function settles(running: Running, site: Site): Promise<boolean> {
  // It ends with the process, if not before.
  const settled = running.control('settled').then(
    () => true,
    () => false,
  )
  for (let known = -1; ; ) {
    const calls = site.effects().length
    if (calls === known) return false
    known = calls
    const isSettled = await Promise.race([settled, still()])
    if (isSettled !== null) return isSettled
  }
}

function still(): Promise<null> {
  return new Promise((resolve) => setTimeout(resolve, STILL_MS, null).unref())
}

function controlOf(site: Site) {
  const inbox = sqlite({ path: site.path, minFreeBytes: 0 })
  return createReceiver({ inbox, sources: { shop: toy() }, role: 'control', logger: false })
}
