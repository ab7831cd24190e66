/**
 * What a pass has brought to an end and not saved yet, put together whenever it is to be saved. An event is saved as over
 * only with what stands for it: its row, its dead letter. States of an event for a handler, as a crash finds them:
 *
 * | state      | saved as                                                  | after a crash                      |
 * |------------|-----------------------------------------------------------|------------------------------------|
 * | not handed | behind `next`, or in a hole                               | handed in                          |
 * | open       | in a hole: it waits, is under way, was given back or left | handed in, once more if it had begun |
 * | over       | in a stretch, with its row or dead letter if it has one   | not handed in                      |
 *
 * What was saved as over stays so, since what stands for it is stored: where there are more holes than are kept, what lies
 * behind them is not over, but for what was saved before.
 */
import type { Claim } from '../../ports/inbox/claims.ts'
import type { NewProgress, Stretch } from '../../ports/inbox/progress.ts'
import type { NewWorkRow, WorkRow } from '../../ports/inbox/rows.ts'
import type { Copies } from './dedupe.ts'
import type { Item } from './item.ts'
import type { Lane, Left } from './lane.ts'
import type { ResultDraft } from './result.ts'
import { Stacks } from './stored-error.ts'
import { between, contains, united } from './stretches.ts'

/** Stretches of one handler that are kept. */
const MOST_STRETCHES = 256

/** How far a pass has looked at what it is about: a row, or all of the delivery. */
export interface Looked {
  readonly row: WorkRow | null
  readonly first: number
  /** The element after the last one it has looked at. */
  readonly next: number
}

export interface SavedPass {
  readonly claim: Claim
  readonly lanes: ReadonlyMap<string, Lane>
  readonly result: ResultDraft
  readonly copies: Copies | null
  /** In the order in which they are worked on. */
  looked(): readonly Looked[]
  /** What waits to be handed in and is in no lane yet. */
  pending(handler: string): readonly Left[]
}

export interface Unsaved {
  readonly progress: readonly NewProgress[]
  /** All of it is durable. */
  saved(): void
}

interface Unit {
  readonly parts: number
  readonly next: number
  readonly over: Readonly<Record<string, readonly Stretch[]>>
  /** Of a row: nothing more can come of it. */
  readonly isWhole: boolean
}

/** What one lane has of one unit. */
interface Share {
  readonly holes: Stretch[]
  readonly ended: Item[]
}

type Shares = ReadonlyMap<WorkRow | null, Share>

const NO_SHARE: Share = { holes: [], ended: [] }

export class Saving {
  readonly #pass: SavedPass
  readonly #units = new Map<number | null, Unit>()
  /** What has ended with a row that is durable. A field of each would cost every event of every pass. */
  readonly #saved = new Set<Item>()

  constructor(pass: SavedPass) {
    this.#pass = pass
    for (const { row, parts, next, over } of pass.claim.progress ?? [])
      this.#units.set(row, { parts, next, over, isWhole: false })
  }

  /** null: nothing has come to an end since. `now`: from when the waits of what is to be retried are reckoned. */
  collect(now: number): Unsaved | null {
    const { lanes, copies } = this.#pass
    const shares = new Map([...lanes].map(([name, lane]) => [name, this.#sharesOf(lane)]))
    const stacks = new Stacks()
    const found = this.#pass.looked().flatMap((looked) => this.#unit(looked, shares, stacks, now) ?? [])
    const [first, ...others] = found
    if (first === undefined) return null
    const keys = copies?.changes(now) ?? {}
    return {
      progress: [{ ...first.progress, ...keys }, ...others.map(({ progress }) => progress)],
      saved: () => {
        for (const { saved } of found) saved()
        copies?.saved(keys)
      },
    }
  }

  #sharesOf(lane: Lane): Map<WorkRow | null, Share> {
    const shares = new Map<WorkRow | null, Share>()
    const of = (row: WorkRow | null): Share => {
      const known = shares.get(row) ?? { holes: [], ended: [] }
      shares.set(row, known)
      return known
    }
    for (const { first, last, row } of [...lane.open(), ...this.#pass.pending(lane.spec.name)])
      of(row).holes.push([first, last])
    for (const item of lane.endedWithRow()) if (!this.#saved.has(item)) of(item.row).ended.push(item)
    for (const { holes } of shares.values()) holes.sort((a, b) => a[0] - b[0])
    return shares
  }

  #unit(looked: Looked, shares: ReadonlyMap<string, Shares>, stacks: Stacks, now: number) {
    const { lanes, result, claim } = this.#pass
    const { row } = looked
    const unit = this.#units.get(row?.id ?? null) ?? NOTHING
    if (unit.isWhole) return null
    const names = row === null ? [...lanes.keys()] : [row.handler]
    const own = new Map(names.map((name) => [name, shares.get(name)?.get(row) ?? NO_SHARE]))
    const reached = reachedAt(looked, own, unit)
    const isOver = ({ handler, index }: Call) => contains(reached.over[handler] ?? [], index)
    const ended = [...own].flatMap(([handler, of]) => of.ended.filter(({ index }) => isOver({ handler, index })))
    const { ends, isEmpty, saved } = result.unsaved(row, isOver)
    if (ended.length === 0 && isEmpty && JSON.stringify(unit.over) === JSON.stringify(reached.over)) return null
    const dead = ends.dead.map((letter) => ({ ...letter, errors: stacks.once(letter.errors, letter.index) }))
    const stands = { ...ends, dead, rows: rowsOf(ended, stacks, now), at: now }
    const progress: NewProgress = {
      ...{ token: claim.token, seq: claim.delivery.seq, row: row?.id ?? null, parts: unit.parts },
      ...reached,
      ...stands,
    }
    const isPart = ended.length > 0 || !isEmpty
    const after = { ...reached, parts: unit.parts + Number(isPart), isWhole: isWhole(row, reached) }
    return { progress, saved: () => this.#save(row, after, ended, saved) }
  }

  #save(row: WorkRow | null, unit: Unit, ended: readonly Item[], saved: () => void): void {
    this.#units.set(row?.id ?? null, unit)
    for (const item of ended) this.#saved.add(item)
    saved()
  }
}

type Reached = Pick<Unit, 'next' | 'over'>
type Call = { readonly handler: string; readonly index: number }

const NOTHING: Unit = { parts: 0, next: 0, over: {}, isWhole: false }

function reachedAt(looked: Looked, shares: ReadonlyMap<string, Share>, before: Reached): Reached {
  const over = { ...before.over }
  for (const [name, share] of shares) {
    const stretches = overOf(looked, share, before.over[name])
    if (stretches.length > 0) over[name] = stretches
  }
  return { next: Math.max(before.next, looked.next), over }
}

function rowsOf(ended: readonly Item[], stacks: Stacks, now: number): NewWorkRow[] {
  return ended.flatMap((item) => {
    const row = item.lane.rowOf(item, now)
    return row === null ? [] : { ...row, errors: stacks.once(row.errors, row.first) }
  })
}

function overOf({ first, next }: Looked, { holes }: Share, saved: readonly Stretch[] = []): readonly Stretch[] {
  const over = united(between(holes, first, next), saved)
  return over.length <= MOST_STRETCHES ? over : united(over.slice(0, MOST_STRETCHES), saved)
}

/** Nothing more can come of the row. */
function isWhole(row: WorkRow | null, { over }: Reached): boolean {
  const [only, ...others] = row === null ? [] : (over[row.handler] ?? [])
  return row !== null && only !== undefined && others.length === 0 && only[0] <= row.first && only[1] >= row.last
}
