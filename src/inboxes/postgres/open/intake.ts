import type { Accepted, NewDelivery } from '../../../ports/inbox/intake.ts'
import { slotOf } from '../../rules/tally.ts'
import type { Claimer } from '../claims/claim.ts'
import { isItemFault } from '../db/failure.ts'
import type { Session } from '../life/session.ts'
import { Groups } from '../log/group.ts'
import { type LabelOf, store, storeOther } from '../log/store.ts'
import type { Stored } from '../log/waiting.ts'
import { reviveLettersOf } from '../operate/letters.ts'

const countRedelivery = 'UPDATE @dead_letter SET redeliveries = redeliveries + $2 WHERE seq = $1'
const hasOwnWork = 'SELECT 1 AS one FROM @work WHERE seq = $1 AND handler = ANY ($2::text[]) LIMIT 1'
const noteIn = (table: string) => `
  WITH noted AS (
    UPDATE @${table} k SET sender_left = true FROM @delivery d WHERE d.seq = $1 AND k.hash = d.hash AND k.seq = d.seq RETURNING d.source)
  INSERT INTO @told (at, source, word, n, sum) SELECT $2::int8, source, '"left"', 1, 0 FROM noted`
const noteLeft = noteIn('key')
const noteOtherLeft = noteIn('key_other')

/** No sender waits longer. */
const ACCEPT_MS = 10_000

/** The receive half's own end of a session. */
export class SessionIntake {
  readonly groups: Groups
  readonly #session: Session
  #notes: Promise<unknown> = Promise.resolve()

  constructor(session: Session, claimer: Claimer) {
    this.#session = session
    const { own, known } = session
    const db = session.db.within(ACCEPT_MS)
    const labelOf: LabelOf = (source, label) => known.labelOf(source, label)
    this.groups = new Groups({
      store: (items) => store(db, items, own, labelOf),
      storeOther: (item) => storeOther(db, item, own, labelOf),
      repeated: (stored, times) => this.#repeated(stored, times),
      stored: (item, stored) => {
        if (stored.status === 'duplicate') return
        session.backlog += item.delivery.body.byteLength
        claimer.look(stored.seq)
        session.tellOfWork()
      },
      isItemFault,
    })
  }

  accept(delivery: NewDelivery): Promise<Accepted> {
    return this.groups.accept(delivery)
  }

  noteSenderLeft(seq: number): void {
    this.#notes = this.#notes.then(async () => {
      const { db } = this.#session
      const minute = slotOf(this.#session.wall.now(), 'minute')
      await db.all(noteLeft, seq, minute).catch(() => {})
      await db.all(noteOtherLeft, seq, minute).catch(() => {})
    })
  }

  /** Resolves when what was handed in before is stored, or refused. */
  async drained(): Promise<void> {
    await this.groups.drained()
    await this.#notes
  }

  /** Answers whether it is settled still. */
  async #repeated({ seq, isDone }: Stored, times: number): Promise<boolean> {
    const { db, opening, own } = this.#session
    if (opening.onRedelivery === 'record') {
      await db.all(countRedelivery, seq, times)
      return isDone
    }
    const now = await this.#session.now()
    await db.transaction((tx) => reviveLettersOf(tx, seq, now))
    this.#session.tellOfWork()
    return isDone && (await db.all(hasOwnWork, seq, own)).length === 0
  }
}
