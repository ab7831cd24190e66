/** Claims deliveries and work rows; a process makes one claim at a time. */
import type { Claim, Claimed, ClaimRequest, OrderedHandler } from '../../../ports/inbox/claims.ts'
import type { Turn } from '../../rules/in-turn.ts'
import type { Database, Session as Db } from '../db/database.ts'
import { release, releaseOthers } from '../life/give-back.ts'
import type { Hold } from '../life/holds.ts'
import { type Taken as TakenOrder, takeOrders } from '../life/orders.ts'
import { isAlive, waitForClaims } from '../life/process.ts'
import { Seldom } from '../life/seldom.ts'
import type { Session } from '../life/session.ts'
import { load } from '../log/load.ts'
import { type Beside, readBesideOf } from './beside.ts'
import { type Taken, take, takeFresh, unknownOf } from './fresh.ts'
import { type PickContext, pick, takeRows } from './pick.ts'
import { type Bounds, boundsOf, firstOther, type StoredRow, toRow } from './rows.ts'
import { belonging, setIdOf } from './sets.ts'
import { type Survey, survey } from './survey.ts'

const endCare = 'UPDATE @control SET careful_owner = NULL WHERE careful_owner = $1::int8'
const readSizes = 'SELECT seq, size FROM @delivery WHERE seq = ANY ($1::int8[])'

/** What was claimed, before its bodies are read. */
interface Plan {
  readonly passes: readonly Taken[]
  readonly rows: ReadonlyMap<number, readonly StoredRow[]>
  /** `seq` of all claims, in the order they are given in. */
  readonly order: readonly number[]
  readonly careful: ReadonlySet<number>
  /** By `seq` of a first pass: the handlers of `Claim.apart`. */
  readonly apart: ReadonlyMap<number, readonly string[]>
  /** Handlers with `orderBy` that this process runs. */
  readonly inOrder: readonly string[]
  readonly unread: readonly string[]
  readonly returned: boolean
  readonly nextDueAt: number | null
}

/** A plan without claims; handlers that are not in `unread` have no unread rows. */
const NOTHING = {
  ...{ passes: [], rows: new Map(), order: [], careful: new Set<number>(), apart: new Map<number, string[]>() },
  inOrder: [],
  returned: false,
}

/** A claim request, its handlers with `orderBy` split into those that this process runs and the others. */
interface Asked extends ClaimRequest {
  readonly ordered: readonly OrderedHandler[]
  /** Handlers with `orderBy` that another process runs, or none yet. */
  readonly apart: readonly string[]
}

/** Time limit of a claim: the next one gives back what was claimed without an answer, so it should come soon. */
const CLAIM_MS = 10_000

/** How often a claim reads from the first waiting delivery, not from `#low`: dead rows before `#low` make that slow. */
const LOOK_MS = 1_000

export class Claimer {
  readonly #session: Session
  readonly #db: Database
  readonly #condemn: (seq: number, reason: string) => Promise<void>
  #queue: Promise<unknown> = Promise.resolve()
  #turn: Turn = 0
  /**
   * As far as this process knows, no free first pass has a lower `seq`: claims do not read the dead rows there again.
   */
  #low = 0
  readonly #look = new Seldom(LOOK_MS)
  /** Whether this claim reads from the first waiting delivery. */
  #looks = false
  #cares = false
  /** An answer was lost: the database may have claims of this process that it does not know. */
  #isUnsure = false

  constructor(session: Session, condemn: (seq: number, reason: string) => Promise<void>) {
    this.#session = session
    this.#db = session.db.within(CLAIM_MS)
    this.#condemn = condemn
  }

  claim(request: ClaimRequest): Promise<Claimed> {
    return this.#inTurn(() => this.#claim(request))
  }

  /** Lowers `#low`: a delivery with this `seq` may be free again. */
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

  /** Resolves when all claims and releases of before are done. */
  async drained(): Promise<void> {
    await this.#queue
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#queue.then(run)
    this.#queue = next.catch(() => {})
    return next
  }

  async #claim(request: ClaimRequest): Promise<Claimed> {
    const { holds, owner, losses } = this.#session
    const db = this.#db
    const now = await this.#session.now()
    if (this.#isUnsure) await this.#reconcile()
    const found = await survey(db, request, now)
    const ordered = (request.ordered ?? []).map(({ handler }) => handler)
    const dueAt = this.#byClock(found.nextDueAt)
    this.#session.awaitsCare = found.suspects
    if (holds.isCareful) return { claims: [], nextDueAt: dueAt, unread: ordered }
    const taken = await this.#takeOrders(ordered, found, owner)
    const names = belonging(found, this.#session.own, now)
    const setId = await this.#setId(names)
    const plan = await this.#plan(this.#askedOf(request, found, owner), found, setId, now, owner)
    if (plan === 'again') return this.#claim(request)
    const claims = await this.#read(plan, now, losses)
    if (claims === 'lost') return { claims: [], nextDueAt: dueAt, unread: ordered }
    const unknownSources = this.#looks && claims.length === 0 ? await unknownOf(db, request) : []
    // The process runs them from its next claim on.
    if (taken.length > 0) this.#session.runs(owner, taken)
    return { claims, nextDueAt: dueAt, unread: plan.unread, returned: plan.returned, taken, unknownSources }
  }

  /**
   * Takes handlers that no process runs, or that this process runs without knowing it; not while it holds claims that
   * hand them events. Nor those that a newer process knows under another name: their events wait for that one.
   */
  async #takeOrders(handlers: readonly string[], found: Survey, owner: string): Promise<readonly TakenOrder[]> {
    const { orders, holds } = this.#session
    const isUntold = (name: string) =>
      !found.aliases.has(name) &&
      (found.orders.get(name) ?? owner) === owner &&
      !this.#runs(name, found, owner) &&
      !holds.handsTo(name)
    const untold = handlers.filter(isUntold)
    if (untold.length === 0) return []
    orders.drop(untold)
    return this.#db.transaction((tx) => takeOrders(tx, owner, untold))
  }

  #runs(name: string, found: Survey, owner: string): boolean {
    if (found.aliases.has(name)) return false
    return this.#session.orders.runs(owner, name) && found.orders.get(name) === owner
  }

  #askedOf(request: ClaimRequest, found: Survey, owner: string): Asked {
    const { handlers, ordered = [] } = request
    const apart = ordered.flatMap(({ handler }) => (this.#runs(handler, found, owner) ? [] : [handler]))
    return {
      ...request,
      handlers: handlers.filter((name) => !apart.includes(name)),
      ordered: ordered.filter(({ handler }) => !apart.includes(handler)),
      apart,
    }
  }

  async #plan(request: Asked, found: Survey, setId: number, now: number, owner: string): Promise<Plan | 'again'> {
    try {
      const plan = await this.#planOnce(request, found, setId, now, owner)
      if (this.#looks) this.#look.ended()
      return plan
    } catch (error) {
      this.#isUnsure = true
      // The commit may have given this process the care; giving it up does no harm where it has not.
      this.#cares = true
      throw error
    }
  }

  async #planOnce(request: Asked, found: Survey, setId: number, now: number, owner: string) {
    const { own, holds } = this.#session
    const db = this.#db
    const { nextDueAt, suspects, due, changed } = found
    const low = this.#lowMark()
    if (!suspects && this.#cares) await this.#endCare()
    const isSimple = !suspects && due.length === 0 && request.ordered.length === 0 && request.seq === undefined
    const nothing = { ...NOTHING, unread: request.apart, nextDueAt }
    if (isSimple) {
      if (own.length === 0 || request.maxDeliveries < 1) return nothing
      const passes = await takeFresh(db, owner, { ...request, low }, setId, changed)
      this.#noteLow(passes)
      return {
        ...nothing,
        passes,
        order: passes.map(({ seq }) => seq),
        apart: this.#apartOf(passes, request, new Map()),
      }
    }
    const context: PickContext = {
      ...{
        owner,
        request,
        now,
        low,
        turn: this.#turn,
        hasHandlers: own.length > 0,
        held: holds.size,
      },
      isHeld: (seq) => holds.at(seq) !== null,
    }
    const { cares, ...plan } = await db.transaction((tx) => this.#planIn(tx, context, request, found, setId))
    if (cares !== undefined) this.#cares = cares
    return 'again' in plan ? 'again' : plan
  }

  /**
   * May run more than once, so the caller notes its result after the commit. `cares`: whether this process has the care
   * now.
   */
  async #planIn(
    tx: Db,
    context: PickContext,
    request: Asked,
    found: Survey,
    setId: number,
  ): Promise<(Plan | { readonly again: true }) & { readonly cares?: boolean }> {
    const { owner } = context
    const { nextDueAt } = found
    if (!(await isAlive(tx, owner))) return { ...NOTHING, unread: request.apart, nextDueAt }
    const [control] = await tx.all<{ changed: number }>('SELECT handlers_changed AS changed FROM @control')
    if (control?.changed !== found.changed) return { again: true }
    const ordered = await this.#inTime(tx, request)
    const picked = await pick(tx, { ...context, request: { ...request, ordered } }, found)
    this.#turn = picked.turn
    // No suspect is left for this process; other processes have the handlers, or the sources, of the rest.
    if (this.#cares && !picked.cares) await tx.all(endCare, owner)
    const wanted = picked.candidates.filter(({ work }) => !work).map(({ seq }) => seq)
    const passes = wanted.length === 0 ? [] : await take(tx, owner, wanted, setId)
    const rows = await takeRows(tx, { ...context, request: { ...request, ordered } }, picked)
    const latest = this.#latestOf(request, rows)
    const firsts = passes.map(({ seq }) => seq)
    const { holds } = this.#session
    const own = { passes: [...holds.passes, ...firsts], firstApart: (name: string) => holds.firstApart(name) }
    const bounds = await boundsOf(tx, request.sources, own, latest)
    const apart = this.#apartOf(passes, request, bounds)
    const { unread, returned } = this.#leftBefore(latest, bounds, apart)
    const careful = new Set(picked.candidates.filter((one) => one.careful).map(({ seq }) => seq))
    if (careful.size === 0 && request.seq === undefined) this.#noteLow(passes)
    const isTaken = new Set([...passes.map(({ seq }) => seq), ...rows.keys()])
    const order = picked.candidates.map(({ seq }) => seq).filter((seq) => isTaken.has(seq))
    const inOrder = ordered.map(({ handler }) => handler)
    const plan = { passes, rows, order, careful, apart, inOrder, returned, nextDueAt }
    return { ...plan, unread: [...unread, ...request.apart], cares: picked.cares }
  }

  /** Lowers `claimBefore` to the earliest first pass that may still leave unread rows of the handler. */
  async #inTime(tx: Db, { ordered, sources }: Asked): Promise<readonly OrderedHandler[]> {
    const { holds } = this.#session
    if (ordered.length === 0) return []
    const other = await firstOther(tx, sources, holds.passes)
    return ordered.map((one) => ({
      ...one,
      claimBefore: Math.min(one.claimBefore, other, holds.firstApart(one.handler)),
    }))
  }

  /** By handler `seq` of the last delivery that it has begun to read, this claim included. */
  #latestOf({ ordered }: Asked, rows: Plan['rows']): ReadonlyMap<string, number> {
    const { orders } = this.#session
    const claimed = (handler: string) =>
      [...rows].flatMap(([seq, own]) => (own.some((row) => row.handler === handler) ? [seq] : []))
    const latest = ({ handler, reached = Number.MAX_SAFE_INTEGER }: OrderedHandler) =>
      Math.max(reached, orders.latestOf(handler), ...claimed(handler))
    return new Map(ordered.map((one) => [one.handler, latest(one)]))
  }

  /**
   * By first pass the handlers that do not get its events: an earlier row of the handler is unread, or an earlier first
   * pass, of another process or with the handler apart, may leave some.
   */
  #apartOf(
    passes: readonly Taken[],
    { ordered, apart }: Asked,
    bounds: ReadonlyMap<string, Bounds>,
  ): ReadonlyMap<number, readonly string[]> {
    const first = (handler: string) => {
      const { pass = 0, unread = 0 } = bounds.get(handler) ?? {}
      return Math.min(pass, unread)
    }
    const firsts = ordered.map(({ handler }) => [handler, first(handler)] as const)
    const of = (seq: number) => firsts.flatMap(([handler, from]) => (seq < from ? [] : [handler]))
    return new Map(passes.map(({ seq }) => [seq, [...apart, ...of(seq)]]))
  }

  /** Which handlers have unread rows, and whether first passes may leave some, before what they have read. */
  #leftBefore(
    latest: ReadonlyMap<string, number>,
    bounds: ReadonlyMap<string, Bounds>,
    apart: Plan['apart'],
  ): Pick<Plan, 'unread' | 'returned'> {
    const firstApart = (name: string) =>
      Math.min(...[...apart].flatMap(([seq, names]) => (names.includes(name) ? [seq] : [])))
    const begun = ([name, last]: readonly [string, number]) =>
      Math.min(bounds.get(name)?.begun ?? 0, firstApart(name)) <= last
    const unread = ([name, last]: readonly [string, number]) => (bounds.get(name)?.unread ?? 0) <= last
    const all = [...latest]
    return { unread: all.filter((one) => begun(one) || unread(one)).map(([name]) => name), returned: all.some(begun) }
  }

  /** 'lost': the claims of this process were lost after `losses` was read, those of the plan among them. */
  async #read(plan: Plan, now: number, losses: number): Promise<readonly Claim[] | 'lost'> {
    const db = this.#db
    const [firsts, withRows] = [plan.passes.map(({ seq }) => seq), [...plan.rows.keys()]]
    const seqs = [...firsts, ...withRows]
    const isLost = () => this.#session.losses !== losses
    if (seqs.length === 0) return isLost() ? 'lost' : []
    try {
      const sizes = await this.#sizes(withRows)
      const wanted = [...plan.passes.map(({ seq, size }) => ({ seq, bytes: size })), ...sizes]
      const setIds = [...new Set(plan.passes.map(({ set_id }) => set_id))]
      const [reads, beside] = await Promise.all([load(db, wanted), readBesideOf(db, seqs, withRows, setIds, now)])
      const claims = isLost() ? [] : await this.#claimsOf(plan, reads, beside)
      if (!isLost()) return claims
      for (const { token, delivery } of claims) this.#session.holds.end({ token, seq: delivery.seq })
      return 'lost'
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
        ...(rows === undefined && { apart: hold.apart }),
        rows: rows?.map(toRow).map((row) => ({ ...row, dueAt: row.dueAt - ahead })) ?? null,
        ...{ careful: hold.careful, deaths, progress },
        quarantined: rows === undefined ? [] : beside.quarantined(seq),
      })
    }
    return claims
  }

  #hold(seq: number, plan: Plan, rows: readonly StoredRow[] | undefined, delivery: Claim['delivery'] | null): Hold {
    const { holds, owner } = this.#session
    const apart = plan.apart.get(seq) ?? []
    const isRun = (name: string) => rows?.some(({ handler }) => handler === name) ?? !apart.includes(name)
    const isPart = delivery !== null && delivery.batchId !== null && !delivery.isTest
    const hold: Hold = {
      token: holds.nextToken(),
      seq,
      owner,
      careful: plan.careful.has(seq),
      inOrder: plan.inOrder.filter(isRun),
      apart,
      rows: rows?.map(({ id }) => id) ?? null,
      bytes: plan.passes.find((pass) => pass.seq === seq)?.size ?? 0,
      facts: delivery === null ? null : { source: delivery.source, receivedAt: delivery.receivedAt },
      batch: isPart ? { source: delivery.source, batchId: delivery.batchId ?? '' } : null,
      hasMore: false,
      isUnsure: false,
      settling: null,
    }
    holds.add(hold)
    return hold
  }

  /** The due time by the clock of the process, not that of the database. */
  #byClock(dueAt: number | null): number | null {
    return dueAt === null ? null : dueAt - this.#session.wall.ahead()
  }

  async #setId(names: readonly string[]): Promise<number> {
    const text = JSON.stringify(names)
    if (this.#known.text !== text) this.#known = { text, id: await setIdOf(this.#db, names) }
    return this.#known.id
  }

  #known = { text: '', id: 0 }

  /** 0 once in `LOOK_MS`, otherwise `#low`: reading the dead rows before it takes time. */
  #lowMark(): number {
    this.#looks = this.#look.begins()
    return this.#looks ? 0 : this.#low
  }

  #noteLow(passes: readonly Taken[]): void {
    if (passes.length > 0) this.#low = Math.min(...passes.map(({ seq }) => seq))
  }

  async #endCare(): Promise<void> {
    await this.#db.all(endCare, this.#session.owner)
    this.#cares = false
  }

  /**
   * Releases claims whose answer was lost. Their commit may still be under way (it waits for a standby): waits for it
   * first.
   */
  async #reconcile(): Promise<void> {
    const { owner, holds } = this.#session
    await this.#db.transaction(async (session) => {
      await waitForClaims(session, owner)
      await releaseOthers(session, owner, holds.seqs)
    })
    this.#low = 0
    this.#isUnsure = false
  }
}
