/** What `posthorn/dashboard` asks of a receiver beside what everybody sees. Types only. */
import type { deskDoor } from '../lib/symbols.ts'
import type { Records } from '../ports/inbox/records.ts'
import type { StoredDelivery } from '../ports/inbox/rows.ts'
import type { LogFacts } from '../types.ts'
import type { InboxControl } from './inbox.ts'

/** Something that somebody did, or saw that is otherwise hidden. */
export interface Act {
  readonly who: string
  /** A verb of the inbox; `reveal`, `bytes`. */
  readonly verb: string
  /** In words, without an address. */
  readonly filter: string
  readonly matched: number
  readonly queued: number
}

export interface DeskDoor {
  /** 32 bytes that every process of the inbox has, and nobody else; where the inbox keeps none, of this process alone. */
  key(): Promise<Uint8Array>
  /** The look into the inbox, and its verbs: what they change is noted with this name. */
  as(who: string): InboxControl
  /** Those that the inbox has known, of other processes and times, too. */
  handlers(): ReturnType<Records['handlers']>
  /** These elements of a delivery, as JSON has them; those that are none are left out. */
  elements(deliveryId: string, indexes: readonly number[]): Promise<ReadonlyMap<number, unknown>>
  /** The first delivery behind a place in the log, with its bytes; null: there is none yet. */
  nextAfter(seq: number): Promise<StoredDelivery | null>
  /** The place of the latest delivery; 0: nothing was ever stored. */
  lastSeq(): Promise<number>
  /** Tells the log and the hook `acted`. */
  acted(act: Act): void
  /** Notes in the inbox that somebody saw something: verbs note themselves. Never rejects. */
  note(act: Act): Promise<void>
  /** For requests: the first of a `kind` at once, then a count a minute. */
  notice(kind: string, level: 'info' | 'warn' | 'error', message: string, facts: LogFacts): void
}

export interface WithDesk {
  readonly [deskDoor]: DeskDoor
}
