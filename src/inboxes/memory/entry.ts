import type { Death, NotedCall } from '../../ports/inbox/claims.ts'
import type { NewDelivery } from '../../ports/inbox/intake.ts'
import type { StoredDelivery } from '../../ports/inbox/rows.ts'

/** A stored delivery with the progress on it. */
export interface Entry {
  readonly seq: number
  delivery: NewDelivery
  /** Size of the body as received. */
  readonly bytes: number
  senderLeft: boolean
  duplicates: number
  events: number | null
  /** null: it is to be read, whatever is looked for. */
  trace: Uint8Array | null
  /** Fixed at the first claim; null before it. */
  handlers: readonly string[] | null
  /** The first pass has ended. */
  passed: boolean
  /** The first pass was under way when a process died. */
  careful: boolean
  /** What is said to be with its handler. */
  underWay: readonly NotedCall[]
  /** What was with its handler when a process died; kept until nothing is left to do. */
  deaths: readonly Death[]
  /** What is left of the bytes. */
  kept: StoredDelivery['kept']
  /** Its bytes were taken once: its events cannot be handled again. */
  taken: boolean
}

export function newEntry(seq: number, delivery: NewDelivery): Entry {
  const progress = { senderLeft: false, duplicates: 0, events: null, trace: null, handlers: null, passed: false }
  return {
    seq,
    delivery,
    bytes: delivery.body.byteLength,
    ...progress,
    careful: false,
    underWay: [],
    deaths: [],
    kept: undefined,
    taken: false,
  }
}

export function toDelivery(entry: Entry): StoredDelivery {
  const { seq, bytes, senderLeft, duplicates, events, kept } = entry
  return { ...entry.delivery, seq, senderLeft, duplicates, events, ...(kept && { kept, bytes }) }
}

export function withoutBody(entry: Entry): Omit<StoredDelivery, 'body'> {
  const { body: _, ...rest } = toDelivery(entry)
  return rest
}

/** Puts other bytes in the place of the stored ones. */
export function alter(entry: Entry, body: Uint8Array): void {
  entry.delivery = { ...entry.delivery, body }
  entry.kept = body.byteLength === 0 ? 'none' : 'some'
  entry.trace = body.byteLength === 0 ? body : null
}
