import type { Accepted, Intake, NewDelivery } from '../../ports/inbox/intake.ts'
import type { InboxOpening } from '../../ports/inbox/opening.ts'
import type { Entry } from './entry.ts'
import { revive } from './revive.ts'
import type { Session } from './session.ts'
import type { Dead } from './store.ts'

export class MemoryIntake implements Intake {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async accept(delivery: NewDelivery): Promise<Accepted> {
    const { store } = this.#session
    const { onRedelivery } = this.#session.opening()
    const known = store.find(delivery.id, delivery.sha256)
    store.looks.accepted(delivery, known !== undefined)
    if (known) return this.#repeat(known, onRedelivery)
    const { seq } = store.add(delivery)
    this.#session.tellOfWork()
    return { status: 'accepted', seq, isDone: false }
  }

  noteSenderLeft(seq: number): void {
    const { store } = this.#session
    const entry = store.at(seq)
    if (!entry) return
    entry.senderLeft = true
    store.looks.tell(this.#session.opening().clock.now(), entry.delivery.source, 'left', 1, 0)
  }

  backlogBytes(): number {
    return this.#session.store.pendingBytes
  }

  trouble(): string | null {
    return this.#session.isOpen ? null : 'The inbox is not open.'
  }

  #repeat(entry: Entry, onRedelivery: InboxOpening['onRedelivery']): Accepted {
    entry.duplicates += 1
    const dead = this.#session.store.dead.filter((letter) => letter.entry === entry)
    if (onRedelivery === 'record') for (const letter of dead) letter.redeliveries += 1
    else if (dead.length > 0) this.#rearm(dead)
    return { status: 'duplicate', seq: entry.seq, isDone: this.#isOver(entry) }
  }

  #rearm(dead: readonly Dead[]): void {
    const { clock } = this.#session.opening()
    revive(this.#session.store, { dead: dead.map(({ id }) => id), quarantined: [] }, clock.now())
    this.#session.tellOfWork()
  }

  /** Nothing is left to do on it for the handlers of this process. */
  #isOver({ passed, seq }: Entry): boolean {
    const { store, own } = this.#session
    return passed && !store.workOf(seq).some(({ row }) => own.includes(row.handler))
  }
}
