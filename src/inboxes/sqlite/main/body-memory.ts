/**
 * Memory of bodies that is the inbox's own. That of large ones is used again: for a new one the system makes page after
 * page, and what is left behind is collected as memory outside of the heap, which took as much of the processor as to hash
 * the body (10 MB: 5 of 50 ms, and a fifth of what a sender waits for). That of smaller ones is let go once nobody reads
 * it: a collection of everything for every few hundred of them doubled the longest waits (100 kB: p99 12 and 26 ms).
 */
import { letMemoryGo, WORTH_LETTING_GO } from '../../../lib/let-go.ts'

/** Smaller ones are not worth it. */
const REUSED_FROM = 1024 * 1024
/** Larger ones, such as mails, are rare: to have the next one wait some ms costs less than what they would take meanwhile. */
const REUSED_TO = 16 * 1024 * 1024
/** Room beyond the body, so that the next one, a little longer, fits as well. */
const STEP = 1024 * 1024
const isReused = ({ byteLength }: ArrayBuffer) => byteLength >= REUSED_FROM && byteLength <= REUSED_TO
/** How much larger than its body a memory may be: it counts as long as the body does. */
const MOST_ROOM = 1.5
/** What lies unused for the next body: about what bodies on their way, at hand and with handlers take under load. */
const FREE_BYTES = 96 * 1024 * 1024

export class BodyMemory {
  /** Nobody but the inbox has a view of these. */
  readonly #ours = new WeakSet<ArrayBufferLike>()
  /** A claim that nothing more comes of must not hold its body. */
  readonly #lent = new Map<number, WeakRef<Uint8Array>>()
  #free: ArrayBuffer[] = []
  /** So many of the free ones, those in front, have lain there since the last look. */
  #idle = 0

  /** So many bytes, with whatever stood in them; the memory behind them is the caller's, all of it. */
  allocate(bytes: number): Uint8Array {
    if (bytes < REUSED_FROM) return new Uint8Array(bytes)
    return new Uint8Array(this.#takeFree(bytes) ?? new ArrayBuffer(Math.ceil(bytes / STEP) * STEP), 0, bytes)
  }

  /** All of the memory behind the body was given to the inbox, or has come from its thread. */
  own(body: Uint8Array): void {
    if (body.buffer.byteLength >= WORTH_LETTING_GO) this.#ours.add(body.buffer)
  }

  /** Whoever has claimed the delivery reads the body, until it is settled. */
  lend(seq: number, body: Uint8Array): void {
    if (this.#ours.has(body.buffer)) this.#lent.set(seq, new WeakRef(body))
  }

  /** Nobody reads the body of the delivery any more. */
  takeBack(seq: number): void {
    const body = this.#lent.get(seq)?.deref()
    this.#lent.delete(seq)
    if (body !== undefined) this.free(body)
  }

  /** Somebody may still read it: it is left to the garbage collector. */
  leave(seq: number): void {
    this.#lent.delete(seq)
  }

  /** Nobody reads the body any more. One that is not ours stays what it is. */
  free({ buffer }: Uint8Array): void {
    if (!(buffer instanceof ArrayBuffer) || !this.#ours.delete(buffer)) return
    if (isReused(buffer) && this.#hasRoom(buffer)) this.#free.push(buffer)
    else letMemoryGo(buffer)
  }

  /** Called now and then: what lay unused since the last call is let go. */
  age(): void {
    for (const buffer of this.#free.splice(0, this.#idle)) letMemoryGo(buffer)
    this.#idle = this.#free.length
  }

  #hasRoom({ byteLength }: ArrayBuffer): boolean {
    return this.#free.reduce((sum, free) => sum + free.byteLength, byteLength) <= FREE_BYTES
  }

  #takeFree(bytes: number): ArrayBuffer | undefined {
    const most = bytes * MOST_ROOM
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes && byteLength <= most)
    if (at === -1) return undefined
    if (at < this.#idle) this.#idle--
    return this.#free.splice(at, 1)[0]
  }
}
