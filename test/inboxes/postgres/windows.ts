/**
 * P1: one of three processes is killed at each window of its work, which a proxy on its way to the server stops it at. What it
 * was posted, and what its handlers told, are known outside of it.
 */
import type { Child } from '../../support/child.ts'
import { type Place, startProxy } from '../../support/cutting-proxy.ts'
import type { Server } from '../../support/postgres.ts'
import { faultsOf, Ledger, type Mode, Processes, until } from './processes.ts'

export interface Window extends Place {
  readonly name: string
  /** What the handler of the process that is killed does. */
  readonly mode: Mode
}

const at = (name: string, mode: Mode, when: Place['when'], ...texts: string[]): Window => ({ name, mode, when, texts })
/** Parts of statements; with the NUL that is behind one in the protocol, its end. */
const ACCEPT = '".key AS k (hash, seq'
const CLAIM = 'SET owner = $1::int8, set_id = coalesce(set_id, $6)'
const READ = 'b.body'
const SETTLE = '".settled (seq, owner'
const NEW_ROWS = '".work (id, seq'
const HOLD_ROWS = '".held (seq, owner'
const END_ROWS = '".work WHERE id = ANY ($1::int8[])\0'
const REAP = '".process WHERE owner IN ('
const GIVE_BACK = 'SET owner = NULL, careful = true'
const CARE = 'SET careful_owner = $1::int8 WHERE'
const NOTE = '".under_way (seq, owner'
const LEAVE = '".process WHERE owner = $1::int8\0'
const COMMIT = 'COMMIT'

export const WINDOWS: readonly Window[] = [
  at('before it stores', 'handle', 'before', ACCEPT),
  at('stored, and not answered', 'handle', 'after', ACCEPT),
  at('before it claims', 'handle', 'before', CLAIM),
  at('claimed, and not heard of', 'handle', 'after', CLAIM),
  at('claimed, before it reads', 'handle', 'before', READ),
  at('claimed and read', 'handle', 'after', READ),
  at('handled, before it settles', 'handle', 'before', SETTLE),
  at('settled, and not heard of', 'handle', 'after', SETTLE),
  at('settled in part, with rows', 'fail', 'after', SETTLE, NEW_ROWS),
  at('settled with rows, before the commit', 'fail', 'before', SETTLE, NEW_ROWS, COMMIT),
  at('settled with rows, after the commit', 'fail', 'after', SETTLE, NEW_ROWS, COMMIT),
  at('rows under claim, before the commit', 'fail', 'before', HOLD_ROWS, COMMIT),
  at('rows under claim, after the commit', 'fail', 'after', HOLD_ROWS, COMMIT),
  at('rows handled, while they are settled', 'fail', 'before', END_ROWS),
]

/** Those that take their time to be come to: for the soak. */
export const SELDOM_WINDOWS: readonly Window[] = [
  at('rows settled, before the commit', 'fail', 'before', END_ROWS, COMMIT),
  at('rows settled, after the commit', 'fail', 'after', END_ROWS, COMMIT),
  at('in the middle of a reap', 'none', 'after', REAP, GIVE_BACK),
  at('reaped', 'none', 'after', REAP, GIVE_BACK, COMMIT),
  at('about to work with care', 'handle', 'after', CARE, COMMIT),
  at('noted', 'handle', 'after', NOTE),
  at('before it leaves', 'handle', 'before', LEAVE),
  at('left', 'handle', 'after', LEAVE, COMMIT),
]

const WORKS: ReadonlySet<string> = new Set(['in the middle of a reap', 'reaped', 'about to work with care', 'noted'])
const LEAVES: ReadonlySet<string> = new Set(['before it leaves', 'left'])

/** They reap less often than the one that is killed. */
const SELDOM = { leaseMs: 5_000 }

/** Two processes that stay, and beside them one after the other that is killed. */
export class Killings {
  readonly #server: Server
  readonly #processes: Processes
  readonly #ledger = new Ledger()
  #others: Child[] = []

  constructor(server: Server) {
    this.#server = server
    this.#processes = new Processes(server)
  }

  async begin(): Promise<void> {
    this.#others = [await this.#processes.join('slow', SELDOM), await this.#processes.join('slow', SELDOM)]
  }

  /** Kills one at this window, and answers what is wrong once everything is at rest. */
  async killAt(window: Window): Promise<string[]> {
    const proxy = await startProxy(this.#server.port)
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`
    try {
      const victim = await this.#processes.join(window.mode, { url, leaseMs: 2_500 })
      let isReached = false
      const reached = proxy.standAt(window).then(() => {
        isReached = true
      })
      if (LEAVES.has(window.name)) victim.process.kill('SIGTERM')
      const busy = WORKS.has(window.name) ? this.#crashes(() => isReached) : this.#sends(victim, () => isReached)
      await reached
      await victim.kill()
      await busy
    } finally {
      await proxy.close()
    }
    return this.#faults()
  }

  /** To the process that is killed, and in the end to another. */
  async #sends(victim: Child, isOver: () => boolean): Promise<void> {
    while (!isOver()) await this.#send(victim)
    await this.#send(this.#others[0] as Child)
  }

  #send(first: Child): Promise<void> {
    return this.#ledger.send((attempt) => (attempt === 0 ? first : (this.#others[attempt % 2] as Child)))
  }

  /** Others die in the middle of their work, until the one that is to be killed has come to what they leave. */
  async #crashes(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const hanging = await this.#processes.join('hang')
      for (let told = 0; told === 0 && !isOver(); told = hanging.lines.filter((line) => 'handled' in line).length)
        await this.#send(hanging)
      await hanging.kill()
      // Its lease ends, somebody reaps it, and what it had comes to its end: nothing dies more than once.
      await until(
        async () =>
          isOver() || ((await this.#processes.count('process')) <= 3 && (await this.#processes.pending()) === 0),
      )
    }
  }

  async #faults(): Promise<string[]> {
    const times = new Map<string, number>()
    const faults = await faultsOf(this.#processes, this.#ledger, 2)
    for (const id of this.#processes.said('done')) times.set(id, (times.get(id) ?? 0) + 1)
    const often = [...times].filter(([, n]) => n > 2)
    return [...faults, ...often.map(([id]) => `handled more often than it lived through a kill: ${id}`)]
  }

  end(): Promise<void> {
    return this.#processes.end()
  }
}
