/** An open inbox: its session with all that works on it. */
import { PosthornError } from '../../../errors.ts'
import type { Claimed, ClaimRequest } from '../../../ports/inbox/claims.ts'
import type { InboxListener } from '../../../ports/inbox/index.ts'
import type { Accepted, NewDelivery } from '../../../ports/inbox/intake.ts'
import type { InboxOpened, InboxOpening } from '../../../ports/inbox/opening.ts'
import { OVER_MAX, PRUNE_MS, RENEW_MS } from '../../rules/upkeep.ts'
import { Claimer } from '../claims/claim.ts'
import { Settlements } from '../claims/settlements.ts'
import type { Cut } from '../db/cut.ts'
import type { Session as Db } from '../db/database.ts'
import { isItemFault } from '../db/failure.ts'
import { LeaseThread } from '../lease/lease.ts'
import { noteFreed, type RowWithKey } from '../life/freed.ts'
import { releaseOthers } from '../life/give-back.ts'
import { leaveOrders } from '../life/orders.ts'
import { enter, newToken, renew, renewText, waitForClaims } from '../life/process.ts'
import { reap } from '../life/reap.ts'
import { Seldom } from '../life/seldom.ts'
import type { Session } from '../life/session.ts'
import { holderOf, SnapshotWatch } from '../life/snapshots.ts'
import { type After, Upkeep } from '../life/upkeep.ts'
import { tryToStore } from '../log/try-to-store.ts'
import { pruneOnce, tidyTallies } from '../operate/carry-out.ts'
import { foldCounts } from '../operate/fold.ts'
import { pausesOf } from '../operate/pauses.ts'
import { type Begun, begin, endOf, type Settings } from './begin.ts'
import { SessionIntake } from './intake.ts'

const FOLD_MS = 60_000
const BACKLOG_MS = 5_000
const LOOK_MS = 1_000
const REAP_MS = 5_000
const MIN_RENEW_MS = 1_000

const leave = 'DELETE FROM @process WHERE owner = $1::int8'
const endLease =
  "UPDATE @process SET until = clock_timestamp() - interval '1 second', lease_ms = 0 WHERE owner = $1::int8"
const endCare = 'UPDATE @control SET careful_owner = NULL WHERE careful_owner = $1::int8'
const sumBacklog = 'SELECT coalesce(sum(size), 0)::int8 AS n FROM @pass'
const findRows = 'SELECT id, handler, order_key FROM @work WHERE seq = $1'
const noteSources = 'UPDATE @process SET sources = $2::text[] WHERE owner = $1::int8 RETURNING 1 AS one'

const msSince = (at: bigint): number => Number(process.hrtime.bigint() - at) / 1e6

/** Gives back all that the process has, as it was. */
async function leaveAs(tx: Db, owner: string): Promise<void> {
  await waitForClaims(tx, owner)
  await releaseOthers(tx, owner, [])
  await tx.all(endCare, owner)
  await leaveOrders(tx, [owner])
  await tx.all(leave, owner)
}

export class Opened {
  readonly session: Session
  readonly claimer: Claimer
  readonly intake: SessionIntake
  readonly settlements: Settlements
  readonly #begun: Begun
  readonly #settings: Settings
  readonly #upkeep: Upkeep
  readonly #backlog = new Seldom(0)
  readonly #snapshots: SnapshotWatch
  #lease: LeaseThread | null = null
  #commands: Promise<unknown> = Promise.resolve()
  #sources = ''
  #wasOver = false
  /** By the event loop. */
  #renewedAt = process.hrtime.bigint()
  /** When this process last found its lease over, or could not renew it in time. */
  #lapsedAt: bigint | null = null
  /** The `owner` with which it gave its claims up unasked: that one leaves when the next is registered. */
  #former: string | null = null

  private constructor(begun: Begun, settings: Settings) {
    const { session, trouble } = begun
    this.#begun = begun
    this.#settings = settings
    this.session = session
    this.claimer = new Claimer(session, (seq, reason) => this.#condemn(seq, reason))
    this.intake = new SessionIntake(session, this.claimer)
    this.settlements = new Settlements(session)
    this.#upkeep = new Upkeep()
    this.#snapshots = new SnapshotWatch(session.opening.logger)
    trouble.probeWith(async (bytes) => {
      if (bytes === 0) await session.db.all('SELECT 1')
      else await tryToStore(session.db, bytes)
      session.tellOfWork()
    })
  }

  static async open(
    settings: Settings,
    opening: InboxOpening,
    listeners: readonly InboxListener[],
    cut: Cut,
  ): Promise<{ readonly opened: Opened; readonly told: InboxOpened }> {
    const begun = await begin(settings, opening, listeners, cut)
    const opened = new Opened(begun, settings)
    if (opening.role === 'owner') opened.#keepUp()
    return { opened, told: begun.told }
  }

  get trouble(): string | null {
    return this.#begun.trouble.reason
  }

  accept(delivery: NewDelivery): Promise<Accepted> {
    return this.intake.accept(delivery).catch((error: unknown) => {
      if (error instanceof PosthornError && !isItemFault(error))
        this.#begun.trouble.refuse(error, delivery.body.byteLength)
      throw error
    })
  }

  /**
   * What accepts that were handed in before it store is claimed too, where there is nothing else. Orders that were taken
   * and sources that nobody asked for are told once: an answer that tells of some is not replaced.
   */
  async claim(request: ClaimRequest): Promise<Claimed> {
    const pending = this.intake.groups.isIdle ? null : this.intake.groups.drained()
    await this.#noteSources(request)
    const claimed = await this.claimer.claim(request)
    const { claims, taken = [], unknownSources = [] } = claimed
    if (claims.length + taken.length + unknownSources.length > 0 || pending === null) return claimed
    await pending
    return this.claimer.claim(request)
  }

  /** Resolves when what was noted and given back before is stored. */
  async drained(): Promise<void> {
    await this.claimer.drained()
    await this.intake.drained()
  }

  /**
   * Takes from dead processes what they had. What kept this process from renewing its lease may have kept the others
   * too: once it can again, they have the time of a lease to do so.
   */
  async reap(): Promise<void> {
    this.#noteLapse()
    if (this.#lapsedAt !== null && msSince(this.#lapsedAt) < this.#settings.leaseMs) return
    const { db, owner } = this.session
    if ((await reap(db, owner)) > 0) this.#lookAgain()
  }

  /** Commands are carried out in the order they are asked for, after what was given back before. */
  inTurn<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#commands.then(() => this.claimer.drained()).then(run)
    this.#commands = next.catch(() => {})
    return next
  }

  async close(): Promise<void> {
    await this.#upkeep.end()
    await this.#commands
    await this.intake.drained()
    await this.settlements.drained()
    await this.claimer.drained()
    await this.#leave().catch(() => {
      // The lease ends by itself.
    })
    await this.#end()
  }

  /** For tests: as if the process were killed, and its lease over. */
  async die(): Promise<void> {
    const { db, owner } = this.session
    await this.#upkeep.end()
    await this.claimer.drained()
    await db.all(endLease, owner)
    await this.#end()
  }

  async #end(): Promise<void> {
    await this.#lease?.end()
    this.#begun.trouble.end()
    await endOf(this.#begun.pool, this.#begun.cut)
  }

  async #leave(): Promise<void> {
    const { db, owner, opening } = this.session
    if (opening.role !== 'owner') return
    await db.transaction(async (tx) => {
      await this.#leaveFormer(tx)
      await leaveAs(tx, owner)
    })
    await this.session.see()
  }

  /** Leases, and what others do, go by real time; what is kept for how long by the clock of the opening. */
  #keepUp(): void {
    const { session } = this
    const { leaseMs, after } = this.#settings
    const { clock, retention } = session.opening
    const byClock: After = (ms, run) => clock.after(ms, run)
    this.#lease = this.#startThread()
    this.#upkeep.every(after, Math.ceil(leaseMs / 5), () => this.renew())
    this.#upkeep.every(after, Math.min(REAP_MS, leaseMs), () => this.reap())
    this.#upkeep.every(after, LOOK_MS, async () => session.tellOfWork())
    this.#upkeep.every(after, LOOK_MS, () => session.tellOfAllFreed())
    this.#upkeep.every(after, BACKLOG_MS, () => this.#measureBacklog())
    this.#upkeep.every(after, FOLD_MS, () => session.db.transaction(foldCounts))
    this.#upkeep.every(after, FOLD_MS, () => tidyTallies(session, session.wall.now()))
    this.#upkeep.every(after, FOLD_MS, async () => this.#snapshots.found(await holderOf(session.db)))
    this.#upkeep.every(byClock, RENEW_MS, () => session.see())
    if (retention) this.#upkeep.every(byClock, PRUNE_MS, () => this.#prune())
  }

  /** Where `pg` cannot be found from a thread, the event loop renews alone. */
  #startThread(): LeaseThread | null {
    const { thread, leaseMs } = this.#settings
    const { db, owner } = this.session
    if (thread === null) return null
    try {
      const terms = { connectionString: thread.connectionString, driver: thread.driver(), stallMs: thread.stallMs }
      return new LeaseThread({ ...terms, text: db.named(renewText), owner, leaseMs, everyMs: Math.ceil(leaseMs / 5) })
    } catch {
      return null
    }
  }

  #lookAgain(): void {
    this.claimer.look(0)
    this.session.tellOfWork()
  }

  /** As often as five times in a lease. */
  async renew(): Promise<void> {
    const { session } = this
    const { leaseMs } = this.#settings
    const { wall } = session
    const db = session.db.within(Math.max(MIN_RENEW_MS, leaseMs / 5))
    const asked = process.hrtime.bigint()
    this.#noteLapse()
    try {
      if (await renew(db, session.owner, leaseMs)) {
        this.#renewedAt = asked
        this.#former = null
      } else {
        this.#giveUp()
        await this.#enterAnew()
      }
    } catch {
      if (this.#leftMs() <= 0) {
        this.#former ??= session.owner
        this.#giveUp()
      }
    }
    await wall.measure(db)
    await this.#tellOfPauses()
  }

  /**
   * Nothing begins that others may have begun already: a process that was stopped, or whose database is away, knows that
   * without asking.
   */
  mayBegin(): boolean {
    return this.#leftMs() > this.#settings.leaseMs / 15
  }

  /** Of the lease, as far as this process knows: it may be renewed and not have heard of it. */
  #leftMs(): number {
    const byThread = this.#lease?.renewedAt ?? 0n
    const renewedAt = byThread > this.#renewedAt ? byThread : this.#renewedAt
    return this.#settings.leaseMs - msSince(renewedAt)
  }

  #noteLapse(): void {
    if (this.#leftMs() <= 0) this.#lapsedAt = process.hrtime.bigint()
  }

  /**
   * For all it knows others have its claims: it goes on as another process, once it is registered. As the same one it
   * could claim them anew, and a settlement from before, still on its way, would end the new claim.
   */
  #giveUp(): void {
    const { session } = this
    session.lose()
    session.owner = newToken()
    this.#lease?.follow(session.owner)
    this.#sources = ''
  }

  async #enterAnew(): Promise<void> {
    const { db, owner, own: handlers } = this.session
    const asked = process.hrtime.bigint()
    await db.transaction(async (tx) => {
      await this.#leaveFormer(tx)
      await enter(tx, { owner, leaseMs: this.#settings.leaseMs, handlers })
    })
    this.#former = null
    this.#renewedAt = asked
    this.#lookAgain()
  }

  /** What nobody has taken from it is given back as it was: this process has not died. */
  async #leaveFormer(tx: Db): Promise<void> {
    if (this.#former !== null) await leaveAs(tx, this.#former)
  }

  /** Those that other processes have asked for. */
  async #tellOfPauses(): Promise<void> {
    this.session.tellOfPauses(await pausesOf(this.session.db))
  }

  /** What others accept and settle counts too. */
  async #measureBacklog(): Promise<void> {
    if (!this.#backlog.begins()) return
    const [sum] = await this.session.db.all<{ n: number }>(sumBacklog)
    this.#backlog.ended()
    this.session.backlog = sum?.n ?? 0
  }

  async #noteSources({ sources }: ClaimRequest): Promise<void> {
    const text = JSON.stringify(sources)
    if (text === this.#sources) return
    const { db, owner } = this.session
    const noted = await db.all(noteSources, owner, sources)
    // While it goes on as another, no row is there yet.
    if (noted.length > 0 && owner === this.session.owner) this.#sources = text
  }

  async #prune(): Promise<void> {
    const { opening } = this.session
    let isOver = false
    for (let from: string | null = null, isFirst = true; isFirst || from !== null; isFirst = false) {
      const { next, over } = await pruneOnce(this.session, from)
      from = next === null ? null : String(next)
      isOver = over
    }
    const maxBytes = opening.retention?.maxBytes
    if (isOver && !this.#wasOver)
      opening.logger.warn({ event: 'inbox.over_max', inbox: 'postgres', maxBytes }, OVER_MAX)
    this.#wasOver = isOver
  }

  /** All work on it ends, not only what is under claim. */
  async #condemn(seq: number, reason: string): Promise<void> {
    const { holds, opening, wall } = this.session
    opening.logger.error(
      { event: 'inbox.damaged', inbox: 'postgres', seq, reason },
      `a stored delivery is damaged and goes to quarantine: ${reason}`,
    )
    const hold = holds.at(seq)
    if (hold === null) return
    const rows = await this.session.db.all<RowWithKey & { id: number }>(findRows, seq)
    await this.settlements.settle({
      ...{ seq, token: hold.token, firstPass: hold.rows === null, events: null, endedRows: rows.map(({ id }) => id) },
      ...{ rows: [], dead: [], unhandled: {} },
      quarantined: [{ index: null, reason, path: null, at: wall.now() }],
      tally: { words: [], numbers: [], received: 0 },
    })
    await noteFreed(this.session.db, rows)
    await this.session.tellOfAllFreed()
  }
}
