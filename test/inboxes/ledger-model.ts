/** What an inbox must know, in the simplest form: every delivery with what is left to do on it. */
import { expect } from 'vitest'
import { renamesOf } from '../../src/inboxes/rules/renames.ts'
import type { Claim } from '../../src/ports/inbox/claims.ts'
import type { Retention } from '../../src/ports/inbox/opening.ts'
import type { StoredStats } from '../../src/ports/inbox/records.ts'
import type { NewWorkRow } from '../../src/ports/inbox/rows.ts'
import type { TestSettlement } from './test-inbox.ts'

interface Range {
  readonly handler: string
  readonly first: number
  readonly last: number
  /** The replay it belongs to. */
  readonly run: string | null
}

interface Dead extends Range {
  readonly at: number
}

interface Quarantined {
  readonly index: number | null
  readonly at: number
}

interface Entry {
  readonly bytes: number
  handlers: readonly string[]
  passed: boolean
  /** Retention has taken its bytes. */
  taken: boolean
  rows: Range[]
  dead: Dead[]
  quarantined: Quarantined[]
}

export type Names = ReadonlyArray<{ readonly name: string; readonly formerly: readonly string[] }>

export class LedgerModel {
  readonly #entries: Entry[] = []
  readonly #seen = new Set<string>()
  /** What is queued under a former name is for the name that its handler has now. */
  #renames: ReadonlyMap<string, string> = new Map()
  #own: ReadonlySet<string> = new Set()
  /** Claims that are under way. */
  readonly #live = new Map<number, Claim>()
  #cancelled = 0
  #expired = 0
  readonly #cancelledRuns = new Set<string>()

  accept(seq: number, status: string, bytes: number): void {
    expect(status).toBe(seq > this.#entries.length ? 'accepted' : 'duplicate')
    if (status === 'duplicate') return
    expect(seq).toBe(this.#entries.length + 1)
    this.#entries.push({ bytes, handlers: [], passed: false, taken: false, rows: [], dead: [], quarantined: [] })
  }

  isSettled(seq: number): boolean {
    const { passed, rows } = this.#at(seq)
    return passed && rows.length === 0
  }

  /** Nothing is left to do on it for the handlers opened with. */
  isOver(seq: number): boolean {
    const { passed, rows } = this.#at(seq)
    return passed && !rows.some(({ handler }) => this.#own.has(handler))
  }

  /** A delivery has one claim at most, and beside one that needs care are only first passes that do as well, without deaths. */
  claim(claim: Claim): void {
    const { seq } = claim.delivery
    const entry = this.#at(seq)
    expect([...this.#live.keys()]).not.toContain(seq)
    this.#live.set(seq, claim)
    const live = [...this.#live.values()]
    const isBlameless = ({ careful, rows, deaths }: Claim) => careful && rows === null && deaths.length === 0
    if (live.length > 1 && live.some(({ careful }) => careful)) expect(live.every(isBlameless)).toBe(true)
    expect(entry.passed).toBe(claim.rows !== null)
    for (const row of claim.rows ?? []) expect(entry.rows).toContainEqual(rangeOf(row))
    entry.handlers = claim.handlers
  }

  settle({ seq, firstPass, rows, dead, quarantined }: TestSettlement): void {
    const entry = this.#at(seq)
    for (const row of this.#live.get(seq)?.rows ?? []) remove(entry.rows, rangeOf(row))
    this.#live.delete(seq)
    if (firstPass) entry.passed = true
    const goesOn = ({ run }: Range) => run === null || !this.#cancelledRuns.has(run)
    entry.rows.push(...rows.map(rangeOf).filter(goesOn))
    entry.dead.push(
      ...dead.map(({ handler, index, run, at }) => ({ handler, first: index, last: index, run, at })).filter(goesOn),
    )
    entry.quarantined.push(...quarantined.map(({ index, at }) => ({ index, at })))
  }

  release(seq: number): void {
    this.#live.delete(seq)
  }

  reviveDead(seq: number, { at, ...range }: Dead): void {
    remove(this.#at(seq).dead, { ...range, at })
    this.#at(seq).rows.push(range)
  }

  reviveAllDead(seq: number): void {
    for (const dead of [...this.#at(seq).dead]) this.reviveDead(seq, dead)
  }

  reviveQuarantine(seq: number, index: number, at: number): void {
    const entry = this.#at(seq)
    remove(entry.quarantined, { index, at })
    entry.rows.push(...entry.handlers.map((handler) => ({ handler, first: index, last: index, run: null })))
  }

  dropDead(seq: number, dead: Dead): void {
    remove(this.#at(seq).dead, dead)
    this.#cancelled++
  }

  dropQuarantine(seq: number, index: number, at: number): void {
    remove(this.#at(seq).quarantined, { index, at })
    this.#cancelled++
  }

  /** Only what is finished, and old, goes; `kept` says what is left of the bytes of each delivery that is there. */
  prune(now: number, retention: Retention, kept: ReadonlyMap<number, string>): void {
    for (const entry of this.#entries) {
      const before = entry.dead.length + entry.quarantined.length
      entry.dead = entry.dead.filter(({ at }) => at > now - retention.deadLettersMs)
      entry.quarantined = entry.quarantined.filter(({ at }) => at > now - retention.quarantineMs)
      this.#expired += before - entry.dead.length - entry.quarantined.length
    }
    for (const [i, entry] of this.#entries.entries()) {
      const { passed, rows, dead, quarantined } = entry
      const left = kept.get(i + 1) ?? 'none'
      if (left === 'none') entry.taken = true
      if (!passed || rows.length > 0 || quarantined.length > 0) expect(left).toMatch(/all|some/)
      if (dead.length > 0) expect(kept.has(i + 1)).toBe(true)
    }
  }

  erase(seq: number, indices: readonly number[]): void {
    const entry = this.#entries[seq - 1]
    if (!entry || this.#live.has(seq)) return
    const isLeft = (index: number | null) => index === null || !indices.includes(index)
    entry.dead = entry.dead.filter(({ first }) => isLeft(first))
    entry.quarantined = entry.quarantined.filter(({ index }) => isLeft(index))
    entry.rows = entry.rows.filter(({ first, last }) => {
      for (let index = first; index <= last; index++) if (isLeft(index)) return true
      return false
    })
  }

  /** The number of rows that are made, or the code of the refusal. */
  replay(run: string, rows: ReadonlyArray<Omit<Range, 'run'> & { readonly seq: number }>): number | string {
    if (this.#cancelledRuns.has(run)) return 'ERR_REPLAY_CANCELLED'
    const found = rows.filter(({ seq }) => {
      const entry = this.#entries[seq - 1]
      return entry?.passed && (!entry.taken || entry.dead.length > 0)
    })
    for (const { seq, handler, first, last } of found)
      this.#at(seq).rows.push({ handler: this.#renames.get(handler) ?? handler, first, last, run })
    return found.length
  }

  /** Answers the number of events that stay, because they are under claim. */
  cancel(run: string): number {
    this.#cancelledRuns.add(run)
    let left = 0
    for (const [i, entry] of this.#entries.entries()) {
      const held = (this.#live.get(i + 1)?.rows ?? []).map(rangeOf)
      entry.rows = entry.rows.filter((range) => range.run !== run || take(held, range))
      for (const { first, last } of entry.rows.filter((range) => range.run === run)) left += last - first + 1
    }
    return left
  }

  /** Claims end with their process, in order or not. */
  open(names: Names): void {
    this.#live.clear()
    for (const run of this.#cancelledRuns) this.cancel(run)
    const renames = renamesOf(names)
    this.#renames = renames
    this.#own = new Set(names.map(({ name }) => name))
    const now = (name: string) => renames.get(name) ?? name
    for (const entry of this.#entries) {
      entry.handlers = [...new Set(entry.handlers.map(now))].sort()
      entry.rows = entry.rows.map((range) => ({ ...range, handler: now(range.handler) }))
      entry.dead = entry.dead.map((range) => ({ ...range, handler: now(range.handler) }))
    }
    for (const old of renames.keys()) this.#seen.delete(old)
    for (const { name } of names) this.#seen.add(name)
  }

  /** Everything that was accepted is settled, dead, in quarantine or pending, and the counts say so. */
  balance(stats: StoredStats): void {
    const pending = this.#entries.filter((_, i) => !this.isSettled(i + 1))
    const unread = this.#entries.filter(({ passed }) => !passed)
    expect(stats).toMatchObject({
      pending: pending.length,
      pendingBytes: unread.reduce((sum, { bytes }) => sum + bytes, 0),
      deadLetters: this.#entries.reduce((sum, { dead }) => sum + dead.length, 0),
      quarantined: this.#entries.reduce((sum, { quarantined }) => sum + quarantined.length, 0),
      cancelled: this.#cancelled,
      expired: this.#expired,
    })
    expect(stats.replays).toEqual(this.#replays())
  }

  #replays(): Record<string, number> {
    const events: Record<string, number> = {}
    for (const { run, first, last } of this.#entries.flatMap(({ rows }) => rows))
      if (run !== null) events[run] = (events[run] ?? 0) + last - first + 1
    return events
  }

  /** Whether the claim is all that is left to do on its delivery. */
  isWhole({ delivery, rows }: Claim): void {
    expect(sorted((rows ?? []).map(rangeOf))).toEqual(sorted(this.#at(delivery.seq).rows))
  }

  #at(seq: number): Entry {
    const entry = this.#entries[seq - 1]
    if (!entry) throw new Error(`nobody accepted delivery ${seq}`)
    return entry
  }
}

function rangeOf({ handler, first, last, replay }: NewWorkRow): Range {
  return { handler, first, last, run: replay?.run ?? null }
}

/** Whether it was in the list, which then has one less of it. */
function take<T>(list: T[], item: T): boolean {
  const at = list.findIndex((one) => JSON.stringify(one) === JSON.stringify(item))
  if (at !== -1) list.splice(at, 1)
  return at !== -1
}

function remove<T>(list: T[], item: T): void {
  const at = list.findIndex((one) => JSON.stringify(one) === JSON.stringify(item))
  expect(at).not.toBe(-1)
  list.splice(at, 1)
}

function sorted(ranges: readonly Range[]): string[] {
  return ranges.map((range) => JSON.stringify(range)).sort()
}
