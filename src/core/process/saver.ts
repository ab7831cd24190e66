/** Saves how far passes under way have come, of all of them together. */
import type { Clock } from '../../ports/clock.ts'
import type { ClaimToken } from '../../ports/inbox/claim-ref.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Pass } from './pass.ts'

/** How often progress is saved. */
const SAVE_MS = 1_000
/** Of passes that take so long already; the others are settled soon. */
const SAVED_AFTER_MS = 500

export interface SaverParts {
  readonly inbox: Pick<InboxPort, 'claims'>
  readonly clock: Clock
  /** Told of claims that were lost. */
  lost(tokens: readonly ClaimToken[]): void
  trouble(what: string, error: unknown): void
}

export class Saver {
  readonly #parts: SaverParts
  readonly #passes = new Set<Pass>()
  #isSaving = false
  #cancel: (() => void) | null = null

  constructor(parts: SaverParts) {
    this.#parts = parts
  }

  /** Until it is settled, or given up. */
  add(pass: Pass): void {
    this.#passes.add(pass)
    this.#saveLater()
  }

  delete(pass: Pass): void {
    this.#passes.delete(pass)
  }

  /** Nothing is under way any more. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  /**
   * In one commit, with that of all passes that keep an order: what comes after an event in its key may be in another
   * delivery. One commit at a time: until it is durable nobody knows what is saved.
   */
  save(isMeant: (pass: Pass) => boolean): void {
    if (this.#isSaving) return
    const meant = [...this.#passes].filter((pass) => pass.seats.length > 0 || isMeant(pass))
    const unsaved = meant.flatMap((pass) => pass.unsaved() ?? [])
    if (unsaved.length === 0) return
    this.#isSaving = true
    const progress = unsaved.flatMap((one) => one.progress)
    const saved = (lost: readonly ClaimToken[]) => {
      for (const one of unsaved) one.saved()
      this.#parts.lost(lost)
    }
    const failed = (error: unknown) =>
      this.#parts.trouble('progress on deliveries under way could not be stored', error)
    const saving = this.#parts.inbox.claims.saveProgress(progress).then(saved, failed)
    void saving.finally(() => {
      this.#isSaving = false
    })
  }

  #saveLater(): void {
    this.#cancel ??= this.#parts.clock.after(SAVE_MS, () => {
      this.#cancel = null
      if (this.#passes.size === 0) return
      const before = this.#parts.clock.steady() - SAVED_AFTER_MS
      this.save(({ since }) => since <= before)
      this.#saveLater()
    })
  }
}
