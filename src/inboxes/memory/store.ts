import type { ClaimToken } from '../../ports/inbox/claim-ref.ts'
import type { InboxListener } from '../../ports/inbox/index.ts'
import type { NewDelivery } from '../../ports/inbox/intake.ts'
import type { Memo } from '../../ports/inbox/memos.ts'
import type { StoredPause } from '../../ports/inbox/records.ts'
import type { NewDeadLetter, NewQuarantine, NewWorkRow, WorkRow } from '../../ports/inbox/rows.ts'
import { belongingAt } from '../rules/belonging.ts'
import type { Turn } from '../rules/in-turn.ts'
import { broughtForward, leapBack } from '../rules/leap.ts'
import { type RowState, stateOf } from '../rules/order.ts'
import { type Entry, newEntry } from './entry.ts'
import { EventKeySlices } from './event-keys.ts'
import { Looks } from './look.ts'
import { PassProgress } from './progress.ts'

export interface Work {
  readonly seq: number
  readonly row: WorkRow
  /** It was under claim when a process died. */
  careful: boolean
}

export interface Dead {
  readonly id: number
  readonly entry: Entry
  readonly letter: NewDeadLetter
  redeliveries: number
}

export interface Quarantined {
  readonly id: number
  readonly entry: Entry
  readonly item: NewQuarantine
}

/** A process that has it open. */
export interface Holder {
  /** The handlers it was opened with, sorted. */
  readonly own: readonly string[]
  /** The sources that it asked for last; null: it has not claimed yet. */
  readonly sources: ReadonlySet<string> | null
  /** Tells its listeners, after what runs now. */
  tell(what: (listener: InboxListener) => void): void
}

/** A claim that is under way. */
export interface Hold {
  readonly token: number
  readonly holder: Holder
  readonly careful: boolean
  /** Ids of its rows; null for a first pass. */
  readonly rows: readonly number[] | null
}

/** What the inbox holds. Everything but `turn` is what a file would keep. */
export class MemoryStore {
  readonly entries: Entry[] = []
  readonly work = new Map<number, Work>()
  dead: Dead[] = []
  quarantined: Quarantined[] = []
  readonly unhandled = new Map<string, number>()
  cancelled = 0
  expired = 0
  erased = 0
  /** Bodies of deliveries whose first pass has not ended. */
  pendingBytes = 0
  /** Every handler that was ever opened with, and when an opening named it last. */
  readonly seen = new Map<string, number>()
  /** Of these handlers rows have a state of order. */
  readonly ordered = new Set<string>()
  /** The names handlers have now, by those they had. */
  renames: ReadonlyMap<string, string> = new Map()
  /** The latest that the clock has said. */
  now = 0
  /** The last time of day that retention went by. */
  believedAt = 0
  readonly pauses = new Map<string, StoredPause>()
  /** Replays of which nothing more is to be made. */
  readonly cancelledRuns = new Set<string>()
  /** The first delivery to be settled of each batch, by source and batch id. */
  readonly batches = new Map<string, Entry>()
  readonly eventKeys = new EventKeySlices()
  /** By source. */
  readonly duplicateEvents = new Map<string, number>()
  /** The processes that have it open. */
  readonly sessions = new Set<Holder>()
  readonly progress = new PassProgress()
  readonly looks = new Looks()
  /** By name. */
  readonly memos = new Map<string, Memo>()
  /** Claims by sequence number. */
  readonly held = new Map<number, Hold>()
  turn: Turn = 0
  readonly #byId = new Map<string, Entry[]>()
  readonly #bySeq = new Map<number, Entry>()
  readonly #unpassed = new Set<Entry>()
  #lastSeq = 0
  #ids = 0

  /** The handlers of the processes that have it open, sorted. */
  get own(): readonly string[] {
    return [...new Set([...this.sessions].flatMap(({ own }) => own))].sort()
  }

  add(delivery: NewDelivery): Entry {
    this.#lastSeq += 1
    const entry = newEntry(this.#lastSeq, delivery)
    this.entries.push(entry)
    this.#bySeq.set(entry.seq, entry)
    this.#unpassed.add(entry)
    this.pendingBytes += delivery.body.byteLength
    const same = this.#byId.get(delivery.id)
    if (same) same.push(entry)
    else this.#byId.set(delivery.id, [entry])
    return entry
  }

  /** A repeat of it is new from now on. */
  remove(entry: Entry): void {
    this.entries.splice(this.entries.indexOf(entry), 1)
    this.#bySeq.delete(entry.seq)
    const { id } = entry.delivery
    this.#byId.set(id, this.#byId.get(id)?.filter((other) => other !== entry) ?? [])
    for (const [batch, first] of this.batches) if (first === entry) this.batches.delete(batch)
  }

  /** Deliveries whose first pass has not ended, in order of the log. */
  unpassed(): Entry[] {
    return [...this.#unpassed]
  }

  /** Its first pass has ended. */
  pass(entry: Entry): void {
    if (this.#unpassed.delete(entry)) this.pendingBytes -= entry.bytes
    entry.passed = true
  }

  stateOf({ row }: Work): RowState {
    return stateOf(row, this.ordered.has(row.handler))
  }

  addWork(seq: number, row: NewWorkRow): void {
    const id = this.nextId()
    const isUnread = stateOf(row, this.ordered.has(row.handler)) === 'unread'
    const orderKey = isUnread ? undefined : (row.orderKey ?? null)
    this.work.set(id, { seq, row: { ...row, orderKey, id }, careful: false })
  }

  /** Where the clock was set back, what is due later is as much less late. */
  followClock(now: number): void {
    const leap = leapBack(this.now, now)
    this.now = now
    if (leap === 0) return
    for (const [id, { row, ...work }] of this.work)
      this.work.set(id, { ...work, row: { ...row, dueAt: broughtForward(row.dueAt, leap, now) } })
  }

  at(seq: number): Entry | undefined {
    return this.#bySeq.get(seq)
  }

  /** The delivery with this id and this whole hash. */
  find(id: string, sha256: Uint8Array): Entry | undefined {
    return this.#byId.get(id)?.find((entry) => Buffer.compare(entry.delivery.sha256, sha256) === 0)
  }

  latest(id: string): Entry | undefined {
    return this.#byId.get(id)?.at(-1)
  }

  /** Elements of it that are in quarantine, ascending; null, the whole delivery, first. */
  quarantinedOf(entry: Entry): (number | null)[] {
    const found = this.quarantined.filter((one) => one.entry === entry).map(({ item }) => item.index)
    return [...new Set(found)].sort((a, b) => (a ?? -1) - (b ?? -1))
  }

  /** The handlers a delivery belongs to when it is claimed for the first time now. */
  belonging(): readonly string[] {
    return belongingAt(
      this.now,
      this.own,
      [...this.seen].map(([name, seenAt]) => ({ name, seenAt })),
    )
  }

  /** The name that the handler has now. */
  nameOf(handler: string): string {
    return this.renames.get(handler) ?? handler
  }

  /** Removes the row, with what was done of it. */
  endWork(id: number): void {
    const work = this.work.get(id)
    if (work !== undefined) this.progress.end(work.seq, id)
    this.work.delete(id)
  }

  workOf(seq: number): Work[] {
    return [...this.work.values()].filter((work) => work.seq === seq)
  }

  /** Whether the delivery is of one of these sources. */
  isOf(seq: number, sources: ReadonlySet<string>): boolean {
    const source = this.at(seq)?.delivery.source
    return source !== undefined && sources.has(source)
  }

  /** Whether this claim of the delivery is under way. */
  isHeld(seq: number, token: ClaimToken): boolean {
    return this.held.get(seq)?.token === token
  }

  /** The deliveries that it has claimed. */
  heldBy(holder: Holder): number[] {
    return [...this.held].filter(([, hold]) => hold.holder === holder).map(([seq]) => seq)
  }

  /** Ends claims as if they had never been made. */
  giveBack(seqs: readonly number[]): void {
    for (const seq of seqs) if (this.held.delete(seq)) this.at(seq)!.underWay = []
  }

  /** Nothing is left to do on it. */
  isSettled(entry: Entry): boolean {
    return entry.passed && this.workOf(entry.seq).length === 0
  }

  /** Whether claims wait until what is to be handled with care has had its turn. */
  hasSuspects(): boolean {
    return this.unpassed().some((entry) => entry.careful) || [...this.work.values()].some((work) => work.careful)
  }

  nextId(): number {
    this.#ids += 1
    return this.#ids
  }
}
