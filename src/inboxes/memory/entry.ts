import type { NewDelivery, StoredDelivery } from '../../core/ports.ts'

/** A stored delivery with the progress on it. */
export interface Entry {
  readonly seq: number
  readonly delivery: NewDelivery
  senderLeft: boolean
  duplicates: number
  events: number | null
  /** Fixed at the first claim; null before it. */
  handlers: readonly string[] | null
  /** The first pass has ended. */
  passed: boolean
}

export function newEntry(seq: number, delivery: NewDelivery): Entry {
  return { seq, delivery, senderLeft: false, duplicates: 0, events: null, handlers: null, passed: false }
}

export function toDelivery(entry: Entry): StoredDelivery {
  const { seq, senderLeft, duplicates, events } = entry
  return { ...entry.delivery, seq, senderLeft, duplicates, events }
}

export function withoutBody(entry: Entry): Omit<StoredDelivery, 'body'> {
  const { body: _, ...rest } = toDelivery(entry)
  return rest
}
