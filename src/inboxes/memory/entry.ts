import type { Death, NewDelivery, StoredDelivery } from '../../core/ports.ts'

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
  /** The first pass was under way when a process died. */
  careful: boolean
  /** What is said to be with its handler. */
  underWay: Omit<Death, 'times'> | null
  /** What was with its handler when a process died; kept until nothing is left to do. */
  deaths: readonly Death[]
}

export function newEntry(seq: number, delivery: NewDelivery): Entry {
  const progress = { senderLeft: false, duplicates: 0, events: null, handlers: null, passed: false }
  return { seq, delivery, ...progress, careful: false, underWay: null, deaths: [] }
}

export function toDelivery(entry: Entry): StoredDelivery {
  const { seq, senderLeft, duplicates, events } = entry
  return { ...entry.delivery, seq, senderLeft, duplicates, events }
}

export function withoutBody(entry: Entry): Omit<StoredDelivery, 'body'> {
  const { body: _, ...rest } = toDelivery(entry)
  return rest
}
