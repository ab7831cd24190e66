/** Claims, one after the other in a process. */
import { performance } from 'node:perf_hooks'
import type { Claim, Claimed, ClaimRequest } from '../../../ports/inbox/claims.ts'
import type { Turn } from '../../rules/in-turn.ts'
import type { Database, Session as Db } from '../db/database.ts'
import { release, releaseOthers } from '../life/give-back.ts'
import type { Hold } from '../life/holds.ts'
import { isAlive } from '../life/process.ts'
import type { Session } from '../life/session.ts'
import { load } from '../log/load.ts'
import { type Beside, readBesideOf } from './beside.ts'
import { type Taken, take, takeFresh, unknownOf } from './fresh.ts'
import { type PickContext, pick, takeRows } from './pick.ts'
import { areReturned, type StoredRow, toRow } from './rows.ts'
import { belonging, setIdOf } from './sets.ts'
import { type Survey, survey } from './survey.ts'

const endCare = 'UPDATE @control SET careful_owner = NULL WHERE careful_owner = $1::int8'
const readSizes = 'SELECT seq, size FROM @delivery WHERE seq = ANY ($1::int8[])'

/** What was claimed, before it is read. */
interface Plan {
  readonly passes: readonly Taken[]
  readonly rows: ReadonlyMap<number, readonly StoredRow[]>
  /** All of them, in the order they are given in. */
  readonly order: readonly number[]
  readonly careful: ReadonlySet<number>
  readonly unread: readonly string[]
  readonly returned: boolean
  readonly nextDueAt: number | null
}

const NOTHING = { passes: [], rows: new Map(), order: [], careful: new Set<number>(), unread: [], returned: false }

/** What was claimed and not heard of is given back by the next claim: the earlier that is asked for, the better. */
const CLAIM_MS = 10_000

/** How often all that waits is looked at, not only what lies above the low mark. */
const LOOK_MS = 1_000

export class Claimer {
  readonly #session: Session
  readonly #db: Database
  readonly #condemn: (seq: number, reason: string) => Promise<void>
  #queue: Promise<unknown> = Promise.resolve()
  #turn: Turn = 0
  /** Nothing that is free lies before it, as far as this process knows: dead rows there are not read again. */
  #low = 0
  #lookedAt = Number.NEGATIVE_INFINITY
  /** This claim looks at all that waits. */
  #looks = false
  #cares = false
  /** What the database has as claimed by this process may be more than it knows: an answer was lost. */
  #isUnsure = false

  constructor(session: Session, condemn: (seq: number, reason: string) => Promise<void>) {
    this.#session = session
    this.#db = session.db.within(CLAIM_MS)
    this.#condemn = condemn
  }

  claim(request: ClaimRequest): Promise<Claimed> {
    return this.#inTurn(() => this.#claim(request))
  }

  /** Afterwards nothing before it is taken for empty. */
  look(seq: number): void {
    this.#low = Math.min(this.#low, seq)
  }

  release(holds: readonly Hold[]): void {
    const { holds: own, owner } = this.#session
    const db = this.#db
    if (holds.length === 0) return
    for (const hold of holds) own.end(hold)
    const seqs = holds.map(({ seq }) => seq)
    this.#low = 0
    void this.#inTurn(() => db.transaction((session) => release(session, owner, seqs))).catch(() => {
      this.#isUnsure = true
    })
  }

  /** What the database has as claimed by this process may be more than it knows. */
  doubt(): void {
    this.#isUnsure = true
  }

  /** Resolves when what was asked for before is done. */
  async settled(): Promise<void> {
    await this.#queue
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(run)
    this.#queue = next.catch(() => {})
    return next
  }

  async #claim(request: ClaimRequest): Promise<Claimed> {
    const { holds, owner } = this.#session
    const db = this.#db
    const now = await this.#session.now()
    if (this.#isUnsure) await this.#reconcile()
    const found = await survey(db, request, now)
    const { nextDueAt } = found
    this.#session.awaitsCare = found.suspects
    if (holds.isCareful) return { claims: [], nextDueAt: this.#byClock(nextDueAt) }
    const names = belonging(found, this.#session.own, now)
    const setId = await this.#setId(names)
    const plan = await this.#plan(request, found, setId, now, owner)
    if (plan === 'again') return this.#claim(request)
    const claims = await this.#read(plan, now)
    const unknownSources = this.#looks && claims.length === 0 ? await unknownOf(db, request) : []
    return {
      claims,
      nextDueAt: this.#byClock(plan.nextDueAt),
      unread: plan.unread,
      returned: plan.returned,
      unknownSources,
    }
  }

  async #plan(
    request: ClaimRequest,
    found: Survey,
    setId: number,
    now: number,
    owner: string,
  ): Promise<Plan | 'again'> {
    try {
      return await this.#planOnce(request, found, setId, now, owner)
    } catch (error) {
      this.#isUnsure = true
      throw error
    }
  }

  async #planOnce(request: ClaimRequest, found: Survey, setId: number, now: number, owner: string) {
    const { own, holds } = this.#session
    const db = this.#db
    const { nextDueAt, suspects, due, changed } = found
    const low = this.#lowMark()
    if (!suspects && this.#cares) await this.#endCare()
    const isSimple = !suspects && due.length === 0 && (request.ordered ?? []).length === 0 && request.seq === undefined
    if (isSimple) {
      if (own.length === 0 || request.maxDeliveries < 1) return { ...NOTHING, nextDueAt }
      const passes = await takeFresh(db, owner, { ...request, low }, setId, changed)
      this.#noteLow(passes)
      return { ...NOTHING, passes, order: passes.map(({ seq }) => seq), nextDueAt }
    }
    const context: PickContext = {
      ...{ owner, request, now, low, turn: this.#turn, hasHandlers: own.length > 0, held: holds.size },
    }
    return db.transaction((tx) => this.#planIn(tx, context, found, setId))
  }

  async #planIn(tx: Db, context: PickContext, found: Survey, setId: number): Promise<Plan | 'again'> {
    const { owner, request } = context
    if (!(await isAlive(tx, owner))) return { ...NOTHING, nextDueAt: found.nextDueAt }
    const [control] = await tx.all<{ changed: number }>('SELECT handlers_changed AS changed FROM @control')
    if (control?.changed !== found.changed) return 'again'
    const picked = await pick(tx, context, found)
    this.#turn = picked.turn
    const firsts = picked.candidates.filter(({ work }) => !work).map(({ seq }) => seq)
    const passes = firsts.length === 0 ? [] : await take(tx, owner, firsts, setId)
    const { rows, unread } = await takeRows(tx, context, picked)
    // None before is none now.
    const returned = picked.lines.some(({ below }) => below === 0) && (await areReturned(tx))
    const careful = new Set(picked.candidates.filter((one) => one.careful).map(({ seq }) => seq))
    if (careful.size > 0) this.#cares = true
    else if (request.seq === undefined) this.#noteLow(passes)
    const isTaken = new Set([...passes.map(({ seq }) => seq), ...rows.keys()])
    const order = picked.candidates.map(({ seq }) => seq).filter((seq) => isTaken.has(seq))
    return { passes, rows, order, careful, unread, returned, nextDueAt: found.nextDueAt }
  }

  async #read(plan: Plan, now: number): Promise<readonly Claim[]> {
    const db = this.#db
    const [firsts, withRows] = [plan.passes.map(({ seq }) => seq), [...plan.rows.keys()]]
    const seqs = [...firsts, ...withRows]
    if (seqs.length === 0) return []
    try {
      const sizes = await this.#sizes(withRows)
      const wanted = [...plan.passes.map(({ seq, size }) => ({ seq, bytes: size })), ...sizes]
      const setIds = [...new Set(plan.passes.map(({ set_id }) => set_id))]
      const [reads, beside] = await Promise.all([load(db, wanted), readBesideOf(db, seqs, withRows, setIds, now)])
      return await this.#claimsOf(plan, reads, beside)
    } catch (error) {
      this.#isUnsure = true
      throw error
    }
  }

  async #sizes(seqs: readonly number[]): Promise<{ seq: number; bytes: number }[]> {
    if (seqs.length === 0) return []
    const rows = await this.#db.all<{ seq: number; size: number }>(readSizes, seqs)
    return rows.map(({ seq, size }) => ({ seq, bytes: size }))
  }

  async #claimsOf(plan: Plan, reads: Awaited<ReturnType<typeof load>>, beside: Beside): Promise<Claim[]> {
    const claims: Claim[] = []
    const ahead = this.#session.wall.ahead()
    const sets = new Map(plan.passes.map(({ seq, set_id }) => [seq, set_id]))
    for (const seq of plan.order) {
      const read = reads.get(seq) ?? { seq, damage: 'the stored delivery is missing' }
      const rows = plan.rows.get(seq)
      const hold = this.#hold(seq, plan, rows, 'damage' in read ? null : read.delivery)
      if ('damage' in read) {
        await this.#condemn(seq, read.damage)
        continue
      }
      const deaths = beside.deaths(seq)
      const progress = beside.progress(seq, hold.rows)
      hold.hasMore = deaths.length > 0 || progress.length > 0
      claims.push({
        token: hold.token,
        delivery: read.delivery,
        handlers: beside.handlers(seq, sets.get(seq) ?? null),
        rows: rows?.map(toRow).map((row) => ({ ...row, dueAt: row.dueAt - ahead })) ?? null,
        ...{ careful: hold.careful, deaths, progress },
        quarantined: rows === undefined ? [] : beside.quarantined(seq),
      })
    }
    return claims
  }

  #hold(seq: number, plan: Plan, rows: readonly StoredRow[] | undefined, delivery: Claim['delivery'] | null): Hold {
    const { holds, owner } = this.#session
    const isPart = delivery !== null && delivery.batchId !== null && !delivery.isTest
    const hold: Hold = {
      token: holds.nextToken(),
      seq,
      owner,
      careful: plan.careful.has(seq),
      rows: rows?.map(({ id }) => id) ?? null,
      bytes: plan.passes.find((pass) => pass.seq === seq)?.size ?? 0,
      facts: delivery === null ? null : { source: delivery.source, receivedAt: delivery.receivedAt },
      batch: isPart ? { source: delivery.source, batchId: delivery.batchId ?? '' } : null,
      hasMore: false,
      isUnsure: false,
    }
    holds.add(hold)
    return hold
  }

  /** Of the process, not of the database. */
  #byClock(dueAt: number | null): number | null {
    return dueAt === null ? null : dueAt - this.#session.wall.ahead()
  }

  async #setId(names: readonly string[]): Promise<number> {
    const text = JSON.stringify(names)
    if (this.#known.text !== text) this.#known = { text, id: await setIdOf(this.#db, names) }
    return this.#known.id
  }

  #known = { text: '', id: 0 }

  /** Rows in front of it that are dead already cost time, so everything is looked at once a second alone. */
  #lowMark(): number {
    const now = performance.now()
    this.#looks = false
    if (now - this.#lookedAt < LOOK_MS) return this.#low
    this.#looks = true
    this.#lookedAt = now
    return 0
  }

  #noteLow(passes: readonly Taken[]): void {
    if (passes.length > 0) this.#low = Math.min(...passes.map(({ seq }) => seq))
  }

  async #endCare(): Promise<void> {
    this.#cares = false
    await this.#db.all(endCare, this.#session.owner)
  }

  async #reconcile(): Promise<void> {
    const { owner, holds } = this.#session
    await this.#db.transaction((session) => releaseOthers(session, owner, holds.seqs))
    this.#low = 0
    this.#isUnsure = false
  }
}
