/** What is forwarded: the log of an inbox that this machine has, read beside its owner. */
import { type Log, lastSeq, nextAfter } from '../../core/operate/log.ts'
import type { OpenInbox } from '../inbox/open.ts'
import type { Place } from './cursor.ts'

export { type Log, nextAfter } from '../../core/operate/log.ts'

/** A delivery as far as it is forwarded. */
export interface Forwarded {
  readonly seq: number
  readonly id: string
  readonly source: string
  /** Epoch ms. */
  readonly receivedAt: number
  readonly kept?: 'some' | 'none' | undefined
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: Uint8Array
}

/** A log that is followed. */
export interface Followed {
  /** 0: nothing was ever stored. */
  last(): Promise<number>
  /** Of the delivery at this place; null: it is gone, or there is none. */
  idAt(seq: number): Promise<string | null>
  /** Where a forward begins that has no cursor. @throws OptionError */
  startOf(from: string): Promise<Place>
  /** The first delivery behind a place; null: none yet. */
  next(seq: number): Promise<Forwarded | null>
  /** Whether the filter lets it through. */
  isAsked(id: string): Promise<boolean>
}

export const NOTHING: Place = { seq: 0, id: null }

export function inboxLog({ records, control }: OpenInbox, { filter }: { readonly filter?: string }): Followed {
  const log: Log = records
  const idAt = async (seq: number) => (await log.read(seq))?.id ?? null
  const placeAt = async (seq: number): Promise<Place> => (seq === 0 ? NOTHING : { seq, id: await idAt(seq) })
  return {
    last: () => lastSeq(log),
    idAt,
    next: (seq) => nextAfter(log, seq),
    async startOf(from) {
      if (from === 'start') return NOTHING
      if (from === 'now') return placeAt(await lastSeq(log))
      let oldest: string | null = null
      for await (const { id } of control.deliveries({ filter: from })) oldest = id
      if (oldest === null) return placeAt(await lastSeq(log))
      return placeAt(((await records.delivery(oldest))?.seq ?? 1) - 1)
    },
    async isAsked(id) {
      if (filter === undefined) return true
      const rows = control.deliveries({ filter, ids: [id] })
      return !(await rows[Symbol.asyncIterator]().next()).done
    },
  }
}
