/** Stores what was answered already: the sender does not wait for it, and the inbox may be in trouble. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { NewDelivery } from '../../ports/inbox/intake.ts'
import type { Telling } from '../../ports/telling.ts'
import type { Deadlines } from '../base/deadlines.ts'
import type { Load } from '../base/load.ts'

/** More are not kept waiting for an inbox in trouble: they may be some 64 kB each. */
const MOST = 1_000
const AGAIN_MS = 1_000

interface RecorderParts extends Pick<Telling, 'tell'> {
  readonly inbox: Pick<InboxPort, 'intake'>
  readonly deadlines: Deadlines
  readonly load: Load
  closing(): boolean
}

/** Counted in the load, so that a receiver that closes waits for what is under way. */
export class Recorder {
  readonly #home = AsyncLocalStorage.snapshot()
  readonly #parts: RecorderParts
  #waiting: NewDelivery[] = []
  #underWay = 0
  #isArmed = false

  constructor(parts: RecorderParts) {
    this.#parts = parts
  }

  keep(delivery: NewDelivery): void {
    if (this.#underWay + this.#waiting.length >= MOST) this.#lose(null)
    else void this.#store(delivery)
  }

  /** At once, what waits for its next try. */
  retry(): void {
    for (const one of this.#waiting.splice(0)) void this.#store(one)
  }

  async #store(delivery: NewDelivery): Promise<void> {
    const { inbox, load, tell } = this.#parts
    this.#underWay++
    load.enter()
    try {
      const { status } = await inbox.intake.accept(delivery)
      const { source, id, body } = delivery
      tell('kept', { source, id, bytes: body.byteLength, status })
    } catch (error) {
      this.#later(delivery, error)
    } finally {
      this.#underWay--
      load.leave()
    }
  }

  /** A repeat of one that was stored after all is absorbed. */
  #later(delivery: NewDelivery, error: unknown): void {
    if (this.#parts.closing()) this.#lose(error)
    else {
      this.#waiting.push(delivery)
      this.#arm()
    }
  }

  #arm(): void {
    if (this.#isArmed) return
    this.#isArmed = true
    this.#parts.deadlines.after(AGAIN_MS, () => {
      this.#isArmed = false
      this.#home(() => this.retry())
    })
  }

  #lose(error: unknown): void {
    this.#parts.tell('unrecorded', { error })
  }
}
