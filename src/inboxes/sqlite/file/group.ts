/** One group: all calls that arrived while the group before was written, in one transaction and one commit. */
import type { OrderKey } from '../../../ports/inbox/claims.ts'
import type { StoredPause } from '../../../ports/inbox/records.ts'
import { isOfTheItem, toFailure } from '../wire/failure.ts'
import { HASH_BYTES } from '../wire/packing.ts'
import type { FileAnswer, FileCommand, GroupAnswer, GroupRequest, ItemAnswer, StoredAnswer } from '../wire/protocol.ts'
import { planClaim } from './claims/claim.ts'
import { wakeKeys } from './claims/order.ts'
import { release } from './claims/release.ts'
import { advanceMark, condemn, saveProgress, settle } from './claims/settle.ts'
import type { Database } from './db/database.ts'
import * as sql from './db/sql.ts'
import * as upkeep from './db/upkeep-sql.ts'
import { hasSuspects, noteUnderWay } from './ledger/crashes.ts'
import type { Ledger } from './ledger/ledger.ts'
import { pendingBytes } from './ledger/log-totals.ts'
import { draftOf, readBelongingAt, saveLedger } from './ledger/read-ledger.ts'
import { atomically } from './ledger/transaction.ts'
import { accept, noteSenderLeft } from './log/accept.ts'
import { carryOut, readPauses } from './operate/carry-out.ts'
import { findWishes, fulfil } from './operate/wishes.ts'

type Done = Extract<GroupAnswer, { readonly lost: null }>

export interface GroupResult {
  /** The ledger after the group. */
  readonly ledger: Ledger
  readonly answer: Done
}

interface Surroundings {
  readonly path: string
  readonly shortage: string | null
  /** Whether a group that writes also writes the time (`TOLD_EACH_MS`). */
  readonly tellsTime: boolean
}

/**
 * Carries a group out; all of it is durable on return. Settlements come early, so that the due rows they leave can be
 * claimed at once; claims come last, so that they see new deliveries.
 * @throws when the group as a whole failed. After an error of COMMIT the group may be in the file or not.
 */
export function runGroup(db: Database, ledger: Ledger, request: GroupRequest, at: Surroundings): GroupResult {
  const group = new Group(db, ledger, request, at)
  const wakes = group.wakes()
  const progress = group.progress()
  const commands = group.commands()
  const accepts = group.accepts()
  const moreWork = group.hasMoreWork()
  const claims = group.claims()
  const pauses = group.pauses()
  const upkeep = group.upkeep()
  const committed = group.commit()
  const facts = { lost: null, committed, shortage: at.shortage, pendingBytes: pendingBytes(group.draft) }
  return {
    ledger: group.draft,
    answer: {
      ...facts,
      ...progress,
      commands,
      wakes,
      freed: group.draft.freed,
      accepts,
      claims,
      pauses,
      moreWork,
      ...upkeep,
    },
  }
}

/** After these commands there may be more to claim. */
const MAKES_WORK: ReadonlySet<FileCommand['kind']> = new Set(['revive', 'drop', 'pause', 'replay', 'cancel'])

class Group {
  readonly draft: Ledger
  readonly #db: Database
  readonly #before: Ledger
  readonly #request: GroupRequest
  readonly #at: Surroundings
  #writing = false
  #commanded = false
  #pausing = false
  #purging = false
  readonly #altered: number[] = []

  constructor(db: Database, before: Ledger, request: GroupRequest, at: Surroundings) {
    this.draft = draftOf(before)
    this.#db = db
    this.#before = before
    this.#request = request
    this.#at = at
    if (isWriting(request)) this.#begin()
  }

  progress(): Pick<Done, 'underWay' | 'progress' | 'settlements'> {
    const [db, draft] = [this.#db, this.draft]
    const { now, renew, releases, condemned, sendersLeft } = this.#request
    if (renew) seeOwn(db, draft, now)
    for (const seq of releases) release(db, draft, seq)
    const underWay = this.#request.underWay.map((note) => this.#item(() => noteUnderWay(db, draft, note)))
    // Progress comes first: this group may settle the pass that saved it.
    const saved = this.#request.progress.map((one) => this.#item(() => saveProgress(db, draft, one, this.#request)))
    const settlements = this.#request.settlements.map((one) => this.#item(() => settle(db, draft, one, this.#request)))
    for (const one of condemned) condemn(db, draft, one)
    advanceMark(db, draft)
    for (const seq of sendersLeft) if (seq <= draft.lastSeq) noteSenderLeft(db, draft, seq, now)
    return { underWay, progress: saved, settlements }
  }

  commands(): Done['commands'] {
    const { commands, wishes } = this.#request
    const found = wishes ? findWishes(this.#db) : []
    if (found.length > 0) this.#begin()
    const answers = commands.map((command) => this.#carryOut(command))
    for (const wish of found) fulfil(this.#db, wish, (command) => this.#carryOut(command))
    return answers
  }

  /**
   * Wakes come before the settlements of the group. A settlement that was handed in after the wake may store rows of
   * the same key that are not its first, since an earlier pass is still under way.
   */
  wakes(): OrderKey[][] {
    const { wakes, now } = this.#request
    return wakes.map(({ keys, atMost }) => wakeKeys(this.#db, keys, atMost, now, () => this.#begin()))
  }

  accepts(): ItemAnswer<StoredAnswer>[] {
    const { accepts, packed, now } = this.#request
    let at = 0
    return accepts.map((delivery) => {
      const sha256 = packed.subarray(at, at + HASH_BYTES)
      at += HASH_BYTES
      const bytes = { sha256, body: delivery.body ?? packed.subarray(at, at + delivery.size) }
      if (delivery.body === undefined) at += delivery.size
      const circumstances = { now, shortage: this.#at.shortage }
      const run = () => accept(this.#db, this.draft, delivery, bytes, circumstances)
      return this.#item(delivery.body === undefined ? run : () => ({ ...run(), body: bytes.body }))
    })
  }

  claims(): Done['claims'] {
    const { claims, now } = this.#request
    return claims.map((claim) => planClaim(this.#db, this.draft, claim, now, () => this.#begin()))
  }

  /** What can be claimed beside new deliveries and what settlements left. */
  hasMoreWork(): boolean {
    if (this.#commanded || this.draft.progress.dead_letters < this.#before.progress.dead_letters) return true
    const ended = [...this.#before.held].filter(([seq]) => !this.draft.held.has(seq))
    return ended.some(([, hold]) => hold.careful) || (ended.length > 0 && hasSuspects(this.#db, this.draft))
  }

  pauses(): StoredPause[] | null {
    return this.#pausing ? readPauses(this.#db) : null
  }

  upkeep(): Pick<Done, 'purging' | 'altered'> {
    return { purging: this.#purging, altered: this.#altered }
  }

  commit(): boolean {
    if (!this.#writing) return false
    if (this.#at.tellsTime) this.#db.run(upkeep.noteTime, this.#request.now)
    saveLedger(this.#db, this.#before, this.draft)
    this.#db.exec('COMMIT')
    return true
  }

  #carryOut(command: FileCommand): ItemAnswer<FileAnswer> {
    const [db, draft] = [this.#db, this.draft]
    const answer = this.#item(() =>
      atomically(db, draft, () => carryOut(db, draft, command, { ...this.#request, path: this.#at.path })),
    )
    if (MAKES_WORK.has(command.kind)) this.#commanded = true
    // The command may have ended work of deliveries in it.
    this.draft.passedOver.clear()
    if (command.kind === 'pause' && 'value' in answer && answer.value === 1) this.#pausing = true
    if (command.kind === 'purge') this.#purging = true
    if (command.kind === 'erase' && 'value' in answer) this.#altered.push(...command.erasures.map(({ seq }) => seq))
    return answer
  }

  /** Only this connection writes these tables, so what was read before the transaction is still true. */
  #begin(): void {
    if (!this.#writing) this.#db.begin()
    this.#writing = true
  }

  #item<T>(run: () => T): ItemAnswer<T> {
    try {
      return { value: run() }
    } catch (error) {
      if (!isOfTheItem(error)) throw error
      return { failure: toFailure(error, this.#at.path) }
    }
  }
}

/** Notes that the handlers of this process are in use, and leaves out of `belonging` those that are not any more. */
function seeOwn(db: Database, draft: Ledger, now: number): void {
  for (const name of draft.own) db.run(sql.seeHandler, name, now)
  draft.belonging = readBelongingAt(db, draft.own, now)
}

function isWriting({ renew, releases, underWay, progress, settlements, condemned, ...others }: GroupRequest): boolean {
  const { sendersLeft, commands, accepts } = others
  const items = [releases, underWay, progress, settlements, condemned, sendersLeft, commands, accepts]
  return renew || items.some((list) => list.length > 0)
}
