import type {
  EventProgress,
  HistoryPage,
  HistoryRow,
  Listings,
  Page,
  Records,
  StoredStats,
} from '../../ports/inbox/records.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'
import { type Entry, toDelivery, withoutBody } from './entry.ts'
import { pageOf } from './page.ts'
import { history, progress } from './replay.ts'
import type { Session } from './session.ts'
import { stats } from './stats.ts'
import type { MemoryStore } from './store.ts'

export class MemoryRecords implements Records {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  async stats(): Promise<StoredStats> {
    return stats(this.#store(), this.#session.opening().clock.now())
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    const entry = this.#store().latest(id)
    return entry ? toDelivery(entry) : null
  }

  async read(seq: number): Promise<StoredDelivery | null> {
    const entry = this.#store().at(seq)
    return entry ? toDelivery(entry) : null
  }

  async list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]> {
    // The name pairs the listing with its rows, which is lost on a type parameter.
    return LISTINGS[kind](this.#store(), page) as unknown as readonly Listings[K][]
  }

  async history(page: HistoryPage): Promise<readonly HistoryRow[]> {
    return history(this.#store(), page)
  }

  async progress(deliveryId: string, index: number): Promise<EventProgress | null> {
    return progress(this.#store(), deliveryId, index)
  }

  async handlers(): Promise<ReadonlyArray<{ readonly name: string; readonly seenAt: number }>> {
    return [...this.#store().seen]
      .map(([name, seenAt]) => ({ name, seenAt }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #store(): MemoryStore {
    this.#session.opening()
    return this.#session.store
  }
}

const LISTINGS: { readonly [K in keyof Listings]: (store: MemoryStore, page: Page) => readonly Listings[K][] } = {
  deliveries(store, page) {
    const { traced } = page
    const may = store.entries.filter(
      ({ trace }) => !traced || !trace || Buffer.from(trace).includes(Buffer.from(traced)),
    )
    const entries = pageOf(may, page, (entry) => ({
      id: entry.seq,
      at: entry.delivery.receivedAt,
      ...placeOf(entry),
    }))
    return entries.map((entry) => ({ ...withoutBody(entry), body: new Uint8Array(0), bytes: entry.bytes }))
  },
  deadLetters(store, page) {
    const letters = pageOf(store.dead, page, ({ id, entry, letter }) => ({
      ...{ id, at: letter.at, handler: letter.handler, index: letter.index, run: letter.run },
      ...placeOf(entry),
    }))
    return letters.map(({ id, entry, letter, redeliveries }) => ({
      ...letter,
      id,
      redeliveries,
      delivery: withoutBody(entry),
    }))
  },
  quarantine(store, page) {
    const items = pageOf(store.quarantined, page, ({ id, entry, item }) => ({
      ...{ id, at: item.at, index: item.index },
      ...placeOf(entry),
    }))
    return items.map(({ id, entry, item }) => ({ ...item, id, ...placeOf(entry) }))
  },
}

function placeOf({ delivery }: Entry): { readonly source: string; readonly deliveryId: string } {
  return { source: delivery.source, deliveryId: delivery.id }
}
