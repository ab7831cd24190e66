/** Where what is shared lies, and how several processes change it one after the other. */
import { Shared } from './shared.ts'

/** A text, in an inbox or with the user; see `Memos`. */
export interface Place {
  read(): Promise<{ readonly text: string; readonly version: number } | null>
  write(text: string, after: number | null): Promise<number | null>
}

/** Whoever finds that another was quicker tries again so often. */
const TRIES = 10

export interface Changed<T> {
  readonly result: T
  /** False: this process is alone with it. */
  readonly isStored: boolean
}

type Change<T> = (shared: Shared) => T

export class Board {
  readonly #place: Place
  /** Called as the place begins to fail. */
  readonly #failed: (error: unknown) => void
  /** As it was read or written last. */
  #known: string | null = null
  /** What is still to be noted there, by finding. */
  readonly #unsaved = new Map<string, Change<void>>()
  #isFailing = false

  constructor(place: Place, failed: (error: unknown) => void) {
    this.#place = place
    this.#failed = failed
  }

  /**
   * What `change` answers; where another is quicker `change` is called again, with what that has made. Where the place
   * fails it is called with what was known last. null: others were quicker again and again.
   */
  async change<T>(change: Change<T>): Promise<Changed<T> | null> {
    try {
      for (let tries = 0; tries < TRIES; tries++) {
        const changed = await this.#try(change)
        if (changed !== null) return changed
      }
      return null
    } catch (error) {
      if (!this.#isFailing) this.#failed(error)
      this.#isFailing = true
      return { result: this.#changed(this.#known, change).result, isStored: false }
    }
  }

  /** Is done in any case: with a later change where it cannot be stored now. */
  async note(key: string, change: Change<void>): Promise<void> {
    this.#unsaved.set(key, change)
    await this.change(() => {})
  }

  async #try<T>(change: Change<T>): Promise<Changed<T> | null> {
    const memo = await this.#place.read()
    const unsaved = [...this.#unsaved]
    const { shared, result } = this.#changed(memo?.text ?? null, change)
    const text = shared.save()
    const isWritten = text === memo?.text || (await this.#place.write(text, memo?.version ?? null)) !== null
    if (!isWritten) return null
    this.#known = text
    this.#isFailing = false
    for (const [key, done] of unsaved) if (this.#unsaved.get(key) === done) this.#unsaved.delete(key)
    return { result, isStored: true }
  }

  #changed<T>(text: string | null, change: Change<T>): { readonly shared: Shared; readonly result: T } {
    const shared = Shared.parse(text)
    for (const done of this.#unsaved.values()) done(shared)
    return { shared, result: change(shared) }
  }
}
