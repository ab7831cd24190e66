/**
 * A port as tests of inboxes speak to it: all faces beside each other, each command a method, and every claim handed back
 * with the token that it was given out with last.
 */
import type { ClaimToken } from '../../src/ports/inbox/claim-ref.ts'
import type { Claim, Claimed, ClaimRequest, NotedCall, OrderKey, Settlement } from '../../src/ports/inbox/claims.ts'
import type { InboxPort } from '../../src/ports/inbox/index.ts'
import type { Accepted, NewDelivery } from '../../src/ports/inbox/intake.ts'
import type { InboxOpened, InboxOpening } from '../../src/ports/inbox/opening.ts'
import type { Cursor, Cut, Erased, Erasure, Pruned, ReplayRow, RowIds } from '../../src/ports/inbox/operations.ts'
import type { NewProgress } from '../../src/ports/inbox/progress.ts'
import type { HistoryPage, Listings, Page, StoredPause } from '../../src/ports/inbox/records.ts'
import type { ReplayMark } from '../../src/ports/inbox/rows.ts'

/** Every source that deliveries of these tests come from. */
export const SOURCES: readonly string[] = ['shop', 'outlet', 'rare', 's0', 's1', 's2']

type WithToken<T extends { readonly token: ClaimToken }> = Omit<T, 'token'> & Partial<Pick<T, 'token'>>

/** The token is that of the last claim of the delivery, unless given. */
export type TestSettlement = WithToken<Settlement>
export type TestProgress = WithToken<NewProgress>
export type TestRequest = Omit<ClaimRequest, 'sources'> & Partial<Pick<ClaimRequest, 'sources'>>

export type { Cursor }

const NO_CLAIM: ClaimToken = -1

export class TestInbox {
  readonly port: InboxPort
  readonly #tokens = new Map<number, ClaimToken>()

  constructor(port: InboxPort) {
    this.port = port
  }

  open(opening: InboxOpening): Promise<InboxOpened> {
    return this.port.open(opening)
  }

  close(): Promise<void> {
    return this.port.close()
  }

  accept(delivery: NewDelivery, given = false): Promise<Accepted> {
    return this.port.intake.accept(delivery, { given })
  }

  allocate(bytes: number): Uint8Array {
    return this.port.intake.allocate?.(bytes) ?? new Uint8Array(bytes)
  }

  noteSenderLeft(seq: number): void {
    this.port.intake.noteSenderLeft(seq)
  }

  backlogBytes(): number {
    return this.port.intake.backlogBytes()
  }

  trouble(): string | null {
    return this.port.intake.trouble()
  }

  async claim(request: TestRequest): Promise<Claimed> {
    const claimed = await this.port.claims.claim({ sources: SOURCES, ...request })
    for (const { token, delivery } of claimed.claims) this.#tokens.set(delivery.seq, token)
    return claimed
  }

  tokenOf(seq: number): ClaimToken {
    return this.#tokens.get(seq) ?? NO_CLAIM
  }

  note(seq: number, calls: readonly NotedCall[]): Promise<void> {
    return this.port.claims.noteCalls({ seq, token: this.tokenOf(seq) }, calls)
  }

  async saveProgress(progress: readonly TestProgress[]): Promise<readonly number[]> {
    const all = progress.map((one) => ({ token: this.tokenOf(one.seq), ...one }))
    const lost = await this.port.claims.saveProgress(all)
    return all.filter(({ token }) => lost.includes(token)).map(({ seq }) => seq)
  }

  settle(settlement: TestSettlement): Promise<{ readonly conflictsWith: string | null }> {
    return this.port.claims.settle({ token: this.tokenOf(settlement.seq), ...settlement })
  }

  release(seqs: readonly number[]): void {
    this.port.claims.release(seqs.map((seq) => ({ seq, token: this.tokenOf(seq) })))
  }

  stats() {
    return this.port.records.stats()
  }

  delivery(id: string) {
    return this.port.records.delivery(id)
  }

  read(seq: number) {
    return this.port.records.read(seq)
  }

  list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]> {
    return this.port.records.list(kind, page)
  }

  deliveries(page: Page) {
    return this.list('deliveries', page)
  }

  deadLetters(page: Page) {
    return this.list('deadLetters', page)
  }

  quarantine(page: Page) {
    return this.list('quarantine', page)
  }

  history(page: HistoryPage) {
    return this.port.records.history(page)
  }

  progress(deliveryId: string, index: number) {
    return this.port.records.progress(deliveryId, index)
  }

  handlers() {
    return this.port.records.handlers()
  }

  revive(ids: RowIds): Promise<number> {
    return this.port.carryOut({ kind: 'revive', ids })
  }

  drop(ids: RowIds): Promise<number> {
    return this.port.carryOut({ kind: 'drop', ids })
  }

  pause(handler: string, by: StoredPause['by'] | null): Promise<number> {
    return this.port.carryOut({ kind: 'pause', handler, by })
  }

  prune(from: Cursor | null = null): Promise<Pruned> {
    return this.port.carryOut({ kind: 'prune', from: from || null })
  }

  erase(erasures: readonly Erasure[]): Promise<Erased> {
    return this.port.carryOut({ kind: 'erase', erasures })
  }

  cutErrors(email: string, from: Cut): Promise<Cut> {
    return this.port.carryOut({ kind: 'cut', email, from })
  }

  purge(from: Cursor | null = null): Promise<Cursor | null> {
    return this.port.carryOut({ kind: 'purge', from: from || null })
  }

  replay(mark: ReplayMark, rows: readonly ReplayRow[]): Promise<number> {
    return this.port.carryOut({ kind: 'replay', mark, rows })
  }

  cancel(run: string, limit: number): Promise<number> {
    return this.port.carryOut({ kind: 'cancel', run, limit })
  }

  endWork(handler: string, limit: number, dryRun: boolean): Promise<number> {
    return this.port.carryOut({ kind: 'endWork', handler, limit, dryRun })
  }

  async wake(keys: readonly OrderKey[], atMost: number): Promise<readonly OrderKey[]> {
    return (await this.port.ordering?.wake(keys, atMost)) ?? []
  }

  async owners(windowMs: number, keys: Float64Array, seq = 1): Promise<readonly number[]> {
    return (await this.port.eventKeys?.firstSeen(windowMs, keys, seq)) ?? []
  }

  async reserve(windowMs: number, at: number, seq: number, keys: Float64Array): Promise<readonly number[]> {
    return (await this.port.eventKeys?.reserve?.({ windowMs, at, seq, keys })) ?? []
  }

  async backup(path: string): Promise<{ readonly bytes: number }> {
    return (await this.port.copies?.backup(path)) ?? { bytes: 0 }
  }

  async copies(remove: boolean): Promise<readonly string[]> {
    return (await this.port.copies?.leftovers(remove)) ?? []
  }

  onWork(listener: () => void): void {
    this.port.on({ work: listener })
  }

  onFreed(listener: (keys: readonly OrderKey[]) => void): void {
    this.port.on({ freed: listener })
  }

  onPause(listener: (paused: readonly StoredPause[]) => void): void {
    this.port.on({ paused: listener })
  }

  onLost(listener: (tokens: readonly ClaimToken[]) => void): void {
    this.port.on({ lost: listener })
  }
}

/** A claim without what only its inbox understands. */
export const withoutToken = ({ token: _, ...claim }: Claim): Omit<Claim, 'token'> => claim
