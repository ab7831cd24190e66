/** What the sender knows: everything it has sent, and what it was told to have arrived. */
import { createHash } from 'node:crypto'

/** One element of a body: its number, and what its handler is to do with it. */
export interface Element {
  readonly do?: string
  /** The sender's own id of the event. */
  readonly id?: string
  /** Any other bytes. */
  readonly pad?: string
  /** What its events are ordered by, and for whom they are. */
  readonly key?: string
  readonly to?: string
  /** Names of handlers that fail at first, and of those that fail for good. */
  readonly fails?: readonly string[]
  readonly dies?: readonly string[]
  readonly slow?: boolean
  /** Makes the element unreadable for the provider. */
  readonly bad?: true
}

export interface Sent {
  readonly batch: string
  readonly sha256: string
  readonly bytes: number
  /** Numbers of its elements: `first`, `first + 1`, …; one that is not JSON has none. */
  readonly first: number
  readonly count: number
  /** Let go of once it was acknowledged. */
  body: Buffer
  /** The id of every 200. */
  readonly acknowledged: string[]
}

export class Ledger {
  readonly sent: Sent[] = []
  #next = 0

  /** A batch of numbered elements, each its own. */
  add(elements: readonly Element[], batch?: string): Sent {
    const first = this.#next
    this.#next += elements.length
    const body = Buffer.from(JSON.stringify(elements.map((rest, i) => ({ type: 'ping', n: first + i, ...rest }))))
    return this.addBody(body, { first, count: elements.length }, batch)
  }

  /** A batch of any bytes. */
  addBody(body: Buffer, numbers = { first: -1, count: 0 }, batch = `b${this.sent.length}`): Sent {
    const sha256 = createHash('sha256').update(body).digest('hex')
    const sent = { batch, sha256, bytes: body.length, ...numbers, body, acknowledged: [] }
    this.sent.push(sent)
    return sent
  }

  acknowledge(sent: Sent, id: string): void {
    sent.acknowledged.push(id)
    sent.body = NOTHING
  }

  get acknowledged(): Sent[] {
    return this.sent.filter((sent) => sent.acknowledged.length > 0)
  }

  get open(): Sent[] {
    return this.sent.filter((sent) => sent.acknowledged.length === 0)
  }
}

const NOTHING = Buffer.alloc(0)
