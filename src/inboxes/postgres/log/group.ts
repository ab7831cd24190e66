/** Accepts that arrive together are stored together: what waits while a commit is under way is the next group. */
import type { Accepted, NewDelivery } from '../../../ports/inbox/intake.ts'
import { encode } from './coding.ts'
import { hashOfId } from './hashes.ts'
import type { Stored, Waiting } from './waiting.ts'

const MOST = 64
const MOST_BYTES = 1 << 20

export interface GroupStore {
  store(items: readonly Waiting[]): Promise<readonly (Stored | null)[]>
  storeOther(item: Waiting): Promise<Stored>
  /** What so many repeats of something with dead letters are to do before they are answered; answers whether it is settled still. */
  repeated(stored: Stored, times: number): Promise<boolean>
  stored(item: Waiting, stored: Stored): void
  isItemFault(error: unknown): boolean
}

/** Two connections take groups: a commit that hangs holds nobody but its own. Two more take large bodies, one at a time. */
const LANES = { groups: 2, large: 2 }

export class Groups {
  readonly #store: GroupStore
  #small: Waiting[] = []
  #large: Waiting[] = []
  readonly #running = { groups: 0, large: 0 }
  readonly #pending = new Set<Promise<unknown>>()

  constructor(store: GroupStore) {
    this.#store = store
  }

  accept(delivery: NewDelivery): Promise<Accepted> {
    const accepted = this.#accept(delivery)
    this.#pending.add(accepted)
    const done = () => void this.#pending.delete(accepted)
    accepted.then(done, done)
    return accepted
  }

  /** Resolves when what was handed in before is stored, or refused. */
  async drained(): Promise<void> {
    await Promise.allSettled([...this.#pending])
  }

  get isIdle(): boolean {
    return this.#pending.size === 0
  }

  async #accept(delivery: NewDelivery): Promise<Accepted> {
    const coded = await encode(delivery.body)
    return new Promise((resolve, reject) => {
      this.#add({ delivery, hash: hashOfId(delivery.id), coded, waiters: [{ resolve, reject }] })
      // What arrives in the same turn of the event loop comes along.
      queueMicrotask(() => this.#run())
    })
  }

  #add(item: Waiting): void {
    if (item.coded.bytes.byteLength > MOST_BYTES) {
      this.#large.push(item)
      return
    }
    const same = this.#small.find(({ hash, delivery }) => hash === item.hash && isSame(delivery, item.delivery))
    if (same) same.waiters.push(...item.waiters)
    else this.#small.push(item)
  }

  #run(): void {
    while (this.#running.groups < LANES.groups && this.#small.length > 0) this.#start('groups', this.#take())
    while (this.#running.large < LANES.large && this.#large.length > 0) this.#start('large', this.#large.splice(0, 1))
  }

  /** No id twice: two rows of one key cannot be inserted by one statement. */
  #take(): Waiting[] {
    const taken: Waiting[] = []
    const left: Waiting[] = []
    const hashes = new Set<string>()
    let bytes = 0
    for (const item of this.#small) {
      const size = item.coded.bytes.byteLength
      const fits = taken.length === 0 || (taken.length < MOST && bytes + size <= MOST_BYTES)
      if (fits && !hashes.has(item.hash)) {
        taken.push(item)
        hashes.add(item.hash)
        bytes += size
      } else left.push(item)
    }
    this.#small = left
    return taken
  }

  #start(lane: 'groups' | 'large', items: readonly Waiting[]): void {
    this.#running[lane] += 1
    void this.#storeAll(items).finally(() => {
      this.#running[lane] -= 1
      this.#run()
    })
  }

  async #storeAll(items: readonly Waiting[]): Promise<void> {
    try {
      const stored = await this.#store.store(items)
      await Promise.all(items.map((item, at) => this.#end(item, stored[at] ?? null)))
    } catch (error) {
      if (items.length > 1 && this.#store.isItemFault(error)) await this.#oneByOne(items)
      else for (const { waiters } of items) for (const { reject } of waiters) reject(error)
    }
  }

  async #oneByOne(items: readonly Waiting[]): Promise<void> {
    for (const item of items) await this.#storeAll([item])
  }

  async #end(item: Waiting, found: Stored | null): Promise<void> {
    try {
      const stored = found ?? (await this.#store.storeOther(item))
      const isSettled = stored.dead ? await this.#store.repeated(stored, item.waiters.length) : stored.isDone
      this.#store.stored(item, stored)
      for (const [at, { resolve }] of item.waiters.entries())
        resolve({ status: at === 0 ? stored.status : 'duplicate', seq: stored.seq, isDone: isSettled })
    } catch (error) {
      for (const { reject } of item.waiters) reject(error)
    }
  }
}

/** Uses of another credential are counted apart. */
const isSame = (a: NewDelivery, b: NewDelivery) =>
  a.credential === b.credential && Buffer.compare(a.sha256, b.sha256) === 0
