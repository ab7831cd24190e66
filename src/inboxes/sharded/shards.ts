/** All shards of a set, and what is the same for each that asks them. */
import { PosthornError } from '../../errors.ts'
import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { InboxOpening } from '../../ports/inbox/opening.ts'
import type { By, State } from './ring.ts'
import { LONGEST_MS, type Shard } from './shard.ts'

/** What the shards have answered, each with its place. */
export interface Answers<T> {
  readonly answers: ReadonlyArray<{ readonly place: number; readonly answer: T }>
  /** Places that have not answered. */
  readonly missing: readonly number[]
  /** Why the first of them has not. */
  readonly error: unknown
}

export class Shards {
  readonly by: By
  readonly states: readonly State[]
  /** Without those that are gone. */
  readonly all: readonly Shard[]
  opening: InboxOpening | null = null
  readonly #tellOfWork: () => void

  constructor(all: readonly Shard[], by: By, states: readonly State[], tellOfWork: () => void) {
    this.all = all
    this.by = by
    this.states = states
    this.#tellOfWork = tellOfWork
  }

  get count(): number {
    return this.all.length
  }

  /** Those that are open. */
  get up(): readonly Shard[] {
    return this.all.filter(({ isUp }) => isUp)
  }

  get isOpen(): boolean {
    return this.opening !== null
  }

  get clock(): Clock {
    return this.assertOpen().clock
  }

  /** @throws ERR_INBOX_CLOSED */
  assertOpen(): InboxOpening {
    if (this.opening === null) throw new PosthornError('ERR_INBOX_CLOSED', 'The inbox is not open.')
    return this.opening
  }

  /** @throws ERR_INBOX_SHARDS for a number that no shard gives */
  at(place: number): Shard {
    const shard = this.all.find((one) => one.place === place)
    if (shard === undefined) throw new PosthornError('ERR_INBOX_SHARDS', `There is no shard ${place}.`)
    return shard
  }

  tellOfWork(): void {
    if (this.isOpen) this.#tellOfWork()
  }

  /**
   * Of each that answers in time; once one has, the others are waited for until `soonMs` has passed. Rejects where none
   * does. Those in `without` are not asked.
   */
  async look<T>(
    what: (port: InboxPort, place: number) => Promise<T>,
    soonMs = LONGEST_MS,
    without?: ReadonlySet<number>,
  ): Promise<Answers<T>> {
    const { clock } = this.assertOpen()
    const all = without === undefined ? this.all : this.all.filter(({ place }) => !without.has(place))
    const answers: { readonly place: number; readonly answer: T }[] = []
    const errors: unknown[] = []
    const asked = all.map(async (shard) => {
      const { place } = shard
      answers.push({ place, answer: await shard.askSoon((port) => what(port, place)) })
    })
    for (const one of asked) one.catch((error: unknown) => void errors.push(error))
    let cancel = () => {}
    const soon = new Promise<void>((resolve) => {
      cancel = clock.after(soonMs, resolve)
    })
    const first = Promise.any(asked).catch(() => {})
    await Promise.race([Promise.allSettled(asked), Promise.all([soon, first])])
    cancel()
    const known = answers.toSorted((a, b) => a.place - b.place)
    const missing = all.map(({ place }) => place).filter((place) => !known.some((one) => one.place === place))
    const error = errors[0] ?? new PosthornError('ERR_INBOX_IO', `Shard ${missing[0]} has not answered yet.`)
    if (known.length === 0) throw error
    return { answers: known, missing, error }
  }

  /** Of every one: rejects when all have ended, with the first error of those that failed. */
  async every<T>(what: (port: InboxPort, place: number) => Promise<T>): Promise<readonly T[]> {
    this.assertOpen()
    return allOf(this.all.map((shard) => shard.ask((port) => what(port, shard.place))))
  }
}

/** Rejects when all have ended. */
export async function allOf<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  const ended = await Promise.allSettled(promises)
  return ended.map((one) => {
    if (one.status === 'rejected') throw one.reason
    return one.value
  })
}
