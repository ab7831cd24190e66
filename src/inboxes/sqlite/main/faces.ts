/** The faces of the inbox, each over the session that is open. */
import { PosthornError } from '../../../errors.ts'
import type { ClaimRef, ClaimToken } from '../../../ports/inbox/claim-ref.ts'
import type { Claimed, ClaimRequest, Claims, NotedCall, Settlement } from '../../../ports/inbox/claims.ts'
import type { Accepted, AcceptOptions, Intake, NewDelivery } from '../../../ports/inbox/intake.ts'
import type { NewProgress } from '../../../ports/inbox/progress.ts'
import type {
  EventProgress,
  HistoryPage,
  HistoryRow,
  Listings,
  Page,
  Records,
  StoredStats,
} from '../../../ports/inbox/records.ts'
import type { StoredDelivery } from '../../../ports/inbox/rows.ts'
import type { Control } from './control.ts'
import { listHistory, listPage } from './list-page.ts'
import { OwnerSession } from './owner-session.ts'

export class CurrentSession {
  current: OwnerSession | Control | null = null
  now: () => number = () => 0

  /** @throws ERR_INBOX_CLOSED */
  opened(): OwnerSession | Control {
    if (!this.current) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.current
  }

  /** @throws ERR_INBOX_CLOSED also where the inbox is open for control */
  owner(): OwnerSession {
    const opened = this.opened()
    if (opened instanceof OwnerSession) return opened
    throw new PosthornError('ERR_INBOX_CLOSED', opened.trouble())
  }

  /** null where nobody is. */
  ownerOrNone(): OwnerSession | null {
    return this.current instanceof OwnerSession ? this.current : null
  }
}

export class SqliteIntake implements Intake {
  readonly #session: CurrentSession

  constructor(session: CurrentSession) {
    this.#session = session
  }

  async accept(delivery: NewDelivery, { given = false }: AcceptOptions = {}): Promise<Accepted> {
    return this.#session.owner().accept(delivery, given)
  }

  allocate(bytes: number): Uint8Array {
    return this.#session.ownerOrNone()?.allocate(bytes) ?? new Uint8Array(bytes)
  }

  noteSenderLeft(seq: number): void {
    this.#session.ownerOrNone()?.noteSenderLeft(seq)
  }

  backlogBytes(): number {
    return this.#session.current?.backlogBytes() ?? 0
  }

  trouble(): string | null {
    return this.#session.current ? this.#session.current.trouble() : 'The inbox is not open.'
  }
}

export class SqliteClaims implements Claims {
  readonly #session: CurrentSession

  constructor(session: CurrentSession) {
    this.#session = session
  }

  async claim(request: ClaimRequest): Promise<Claimed> {
    return this.#session.owner().claim(request)
  }

  async noteCalls(claim: ClaimRef, calls: readonly NotedCall[]): Promise<void> {
    return this.#session.owner().noteCalls(claim, calls)
  }

  async saveProgress(progress: readonly NewProgress[]): Promise<readonly ClaimToken[]> {
    return this.#session.owner().saveProgress(progress)
  }

  async settle(settlement: Settlement): Promise<{ readonly conflictsWith: string | null }> {
    return this.#session.owner().settle(settlement)
  }

  release(claims: readonly ClaimRef[]): void {
    this.#session.ownerOrNone()?.release(claims)
  }
}

export class SqliteRecords implements Records {
  readonly #session: CurrentSession

  constructor(session: CurrentSession) {
    this.#session = session
  }

  async stats(): Promise<StoredStats> {
    return this.#session.opened().call('stats', { now: this.#session.now() })
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    const found = await this.#session.opened().call('find', id)
    if (found === null) return null
    if ('damage' in found) throw new PosthornError('ERR_INBOX_CORRUPT', `Delivery ${id}: ${found.damage}.`)
    return found.delivery
  }

  async read(seq: number): Promise<StoredDelivery | null> {
    const [read] = await this.#session.opened().call('read', [seq])
    return read && 'delivery' in read ? read.delivery : null
  }

  async list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]> {
    return listPage(this.#session.opened(), kind, page)
  }

  async history(page: HistoryPage): Promise<readonly HistoryRow[]> {
    return listHistory(this.#session.opened(), page)
  }

  async progress(deliveryId: string, index: number): Promise<EventProgress | null> {
    return this.#session.opened().call('progress', { deliveryId, index })
  }

  async handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>> {
    return this.#session.opened().call('handlers', null)
  }
}
