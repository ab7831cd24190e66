/**
 * Which process runs each handler with `orderBy`: a row of `ordering` says so until that process ends. The row is
 * deleted in the transaction that ends the claims of the process: the process that takes the handler over finds all
 * rows that were left, and the former process can store none any more.
 */
import type { TakenOrder } from '../../../ports/inbox/claims.ts'
import type { Session as Db } from '../db/database.ts'
import { storedKeys } from './keep-order.ts'
import { isAlive } from './process.ts'

const take = `
  INSERT INTO @ordering (handler, owner) SELECT name, $1::int8 FROM unnest($2::text[]) t(name) ORDER BY name
  ON CONFLICT (handler) DO NOTHING`
const findMine = 'SELECT handler FROM @ordering WHERE owner = $1::int8 AND handler = ANY ($2::text[])'
/** A process that takes a handler over gets its stored keys instead. */
const forgetFreed = 'DELETE FROM @freed WHERE handler = ANY ($1::text[])'
/** The last delivery with a row of the handler, or whose first pass was begun. Reads all that waits. */
const readLatest = `
  SELECT greatest((SELECT max(seq) FROM @pass WHERE set_id IS NOT NULL), (SELECT max(seq) FROM @work WHERE handler = $1), 0)::int8 AS seq`
const endOrders = 'DELETE FROM @ordering WHERE owner = ANY ($1::int8[])'

export interface Taken extends TakenOrder {
  /** `seq` of the last delivery that may have rows of it from before. */
  readonly latest: number
}

/** Takes the handlers that no process runs. Returns those of `handlers` that this process runs now. */
export async function takeOrders(tx: Db, owner: string, handlers: readonly string[]): Promise<readonly Taken[]> {
  if (handlers.length === 0 || !(await isAlive(tx, owner))) return []
  await tx.all(take, owner, handlers)
  const mine = await ownOrders(tx, owner, handlers)
  if (mine.length === 0) return []
  await tx.all(forgetFreed, mine)
  const keys = await storedKeys(tx, mine)
  const taken: Taken[] = []
  for (const handler of mine) {
    const [row] = await tx.all<{ seq: number }>(readLatest, handler)
    const held = keys.filter((one) => one.handler === handler).map(({ key }) => key)
    taken.push({ handler, held, latest: row?.seq ?? 0 })
  }
  return taken
}

export async function ownOrders(
  db: Pick<Db, 'all'>,
  owner: string,
  handlers: readonly string[],
): Promise<readonly string[]> {
  return (await db.all<{ handler: string }>(findMine, owner, handlers)).map(({ handler }) => handler)
}

/** Ends the orders of dead processes, in the transaction that ends their claims. */
export async function leaveOrders(tx: Db, owners: readonly string[]): Promise<void> {
  await tx.all(endOrders, owners)
}

/** The handlers with `orderBy` that this process runs, as far as its process half was told. */
export class Orders {
  #owner: string | null = null
  readonly #latest = new Map<string, number>()

  /** `owner`: the current one of this process. */
  runs(owner: string, handler: string): boolean {
    return this.#owner === owner && this.#latest.has(handler)
  }

  /** `Taken.latest` of the handler; 0: this process does not run it. */
  latestOf(handler: string): number {
    return this.#latest.get(handler) ?? 0
  }

  told(owner: string, taken: readonly Taken[]): void {
    if (this.#owner !== owner) this.#latest.clear()
    this.#owner = owner
    for (const { handler, latest } of taken) this.#latest.set(handler, latest)
  }

  drop(handlers: readonly string[]): void {
    for (const handler of handlers) this.#latest.delete(handler)
  }
}
