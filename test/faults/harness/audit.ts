/**
 * The invariant of every scenario, checked against the opened file: what was acknowledged is stored, with the bytes that
 * were sent; what is stored was sent, and each of its events was handled, is a dead letter, is in quarantine or waits.
 */
import { createHash } from 'node:crypto'
import { PosthornError } from '../../../src/errors.ts'
import { sqlite } from '../../../src/inboxes/sqlite/index.ts'
import { port } from '../../../src/lib/symbols.ts'
import type { Claim } from '../../../src/ports/inbox/claims.ts'
import type { InboxPort } from '../../../src/ports/inbox/index.ts'
import type { StoredDelivery } from '../../../src/ports/inbox/rows.ts'
import { type Effect, readEffects } from './effects.ts'
import type { Ledger, Sent } from './ledger.ts'

export interface Audit {
  /** Everything that breaks the invariant, one sentence each, at most a few of a kind. */
  readonly faults: readonly string[]
  readonly acknowledged: number
  /** Deliveries. */
  readonly stored: number
  /** Events, each once. */
  readonly handled: number
  readonly dead: number
  readonly quarantined: number
  readonly pending: number
  /** Calls of the handler beyond the first for an event. */
  readonly repeats: number
}

interface Stored {
  readonly id: string
  readonly batch: string | null
  readonly sha256: string
  readonly events: number
}

interface Contents {
  readonly deliveries: readonly Stored[]
  readonly dead: ReadonlySet<string>
  readonly quarantined: ReadonlySet<string>
  /** Those of `quarantined` whose process died over them, after their effect or before it: nobody can tell. */
  readonly suspected: ReadonlySet<string>
  readonly pending: ReadonlySet<string>
  readonly countedPending: number
  readonly claimable: number
}

/** Opens the file as its next owner would, and settles all there is to claim: give it a copy. */
export async function audit(path: string, ledger: Ledger, effectsPath: string): Promise<Audit> {
  const contents = await readContents(path)
  const effects = readEffects(effectsPath)
  const handled = new Set(effects.map(({ id }) => id))
  return {
    faults: [
      ...checkStored(ledger, contents),
      ...checkEnds(contents, handled),
      ...checkEffects(ledger, contents, effects),
    ],
    acknowledged: ledger.acknowledged.length,
    stored: contents.deliveries.length,
    handled: handled.size,
    dead: contents.dead.size,
    quarantined: contents.quarantined.size,
    pending: contents.pending.size,
    repeats: effects.length - handled.size,
  }
}

/** A ⊆ S, bytes equal, and nothing that nobody sent. */
function checkStored(ledger: Ledger, { deliveries }: Contents): string[] {
  const faults = new Faults()
  const key = (batch: string | null, sha256: string) => `${batch} ${sha256}`
  const byId = new Map(deliveries.map((stored) => [stored.id, stored]))
  const sent = new Set(ledger.sent.map(({ batch, sha256 }) => key(batch, sha256)))
  const batches = new Set(ledger.sent.map(({ batch }) => batch))
  for (const { batch, sha256, acknowledged } of ledger.acknowledged)
    for (const id of acknowledged) {
      const stored = byId.get(id)
      if (stored === undefined) faults.add('acknowledged and not stored', batch)
      else if (stored.batch !== batch || stored.sha256 !== sha256) faults.add('stored with other bytes', batch)
    }
  for (const { batch, sha256, id } of deliveries)
    if (!batches.has(String(batch))) faults.add('stored and never sent', id)
    else if (!sent.has(key(batch, sha256))) faults.add('stored with other bytes', id)
  const rows = deliveries.map(({ batch, sha256 }) => key(batch, sha256))
  if (new Set(rows).size < rows.length) faults.add('stored twice', `${rows.length - new Set(rows).size} deliveries`)
  return faults.list
}

/** S = H ∪ D ∪ Q ∪ P; dead letters and quarantine are ends, so they share nothing with what waits. */
function checkEnds(contents: Contents, handled: ReadonlySet<string>): string[] {
  const faults = new Faults()
  const { deliveries, dead, quarantined, suspected, pending } = contents
  for (const { id, events } of deliveries) {
    if (quarantined.has(id) || pending.has(id)) continue
    for (let index = 0; index < events; index++) {
      const event = `${id}.${index}`
      const ends = [handled, dead, quarantined].filter((set) => set.has(event)).length
      if (ends + (pending.has(event) ? 1 : 0) === 0) faults.add('ended nowhere', event)
      if (ends > 1 && !suspected.has(event)) faults.add('ended twice', event)
      if (pending.has(event) && (dead.has(event) || quarantined.has(event))) faults.add('ended and waits', event)
    }
  }
  if (contents.countedPending !== contents.claimable)
    faults.add('counted wrongly', `${contents.countedPending} pending, ${contents.claimable} to be claimed`)
  return faults.list
}

/** What was handled is stored, and is what its sender had numbered so. */
function checkEffects(ledger: Ledger, { deliveries }: Contents, effects: readonly Effect[]): string[] {
  const faults = new Faults()
  const sent = new Map<string, Sent>(ledger.sent.map((one) => [`${one.batch} ${one.sha256}`, one]))
  const byId = new Map(deliveries.map(({ id, batch, sha256 }) => [id, sent.get(`${batch} ${sha256}`)]))
  for (const { id, n } of effects) {
    const [delivery = '', index] = id.split('.')
    if (!byId.has(delivery)) faults.add('handled and not stored', id)
    const first = byId.get(delivery)?.first ?? -1
    if (first >= 0 && first + Number(index) !== n) faults.add('handled and never sent', id)
  }
  return faults.list
}

const SHOWN = 3

class Faults {
  readonly #kinds = new Map<string, string[]>()

  add(kind: string, which: string): void {
    const found = this.#kinds.get(kind)
    if (found) found.push(which)
    else this.#kinds.set(kind, [which])
  }

  get list(): string[] {
    return [...this.#kinds].map(
      ([kind, which]) =>
        `${kind}: ${which.length} (${which.slice(0, SHOWN).join(', ')}${which.length > SHOWN ? ', …' : ''})`,
    )
  }
}

/** Late enough for every retry to be due. */
const FAR_AWAY = Date.UTC(2200, 0, 1)

async function readContents(path: string): Promise<Contents> {
  const inbox = sqlite({ path, ownerWaitMs: 10_000, minFreeBytes: 0 })[port]
  const silent = { info() {}, warn() {}, error() {} }
  const clock = { now: () => FAR_AWAY, steady: () => 0, after: () => () => {} }
  const handlers = [{ name: 'work', formerly: [] }]
  await inbox.open({ handlers, logger: silent, clock, role: 'owner', onRedelivery: 'record' })
  try {
    const countedPending = (await inbox.records.stats()).pending
    const deliveries = await readDeliveries(inbox)
    const [dead, { quarantined, suspected }] = [await readDead(inbox), await readQuarantine(inbox)]
    const claims = await claimAll(inbox)
    const pending = new Set(claims.flatMap(waiting))
    return { deliveries, dead, quarantined, suspected, pending, countedPending, claimable: claims.length }
  } finally {
    await inbox.close()
  }
}

async function readDeliveries(inbox: InboxPort): Promise<Stored[]> {
  const found: Stored[] = []
  for await (const { id } of pages(
    (page) => inbox.records.list('deliveries', page),
    (row) => row.seq,
  )) {
    const stored = await readDelivery(inbox, id)
    const { batchId: batch, body } = stored
    found.push({ id, batch, sha256: createHash('sha256').update(body).digest('hex'), events: countOf(body) })
  }
  return found
}

/** With no bytes where the inbox finds that they are not what it took in. */
async function readDelivery(inbox: InboxPort, id: string): Promise<Pick<StoredDelivery, 'batchId' | 'body'>> {
  try {
    const stored = await inbox.records.delivery(id)
    if (stored !== null) return stored
  } catch (error) {
    if (!(error instanceof PosthornError) || error.code !== 'ERR_INBOX_CORRUPT') throw error
  }
  return { batchId: null, body: new Uint8Array() }
}

/** Elements of the body; bytes that are no JSON have no elements, and end as a whole. */
function countOf(body: Uint8Array): number {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString())
    return Array.isArray(parsed) ? parsed.length : 1
  } catch {
    return 0
  }
}

async function readDead(inbox: InboxPort): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { delivery, index } of pages(
    (page) => inbox.records.list('deadLetters', page),
    (row) => row.id,
  ))
    found.add(`${delivery.id}.${index}`)
  return found
}

async function readQuarantine(inbox: InboxPort): Promise<Pick<Contents, 'quarantined' | 'suspected'>> {
  const [quarantined, suspected] = [new Set<string>(), new Set<string>()]
  for await (const { deliveryId, index, reason } of pages(
    (page) => inbox.records.list('quarantine', page),
    (row) => row.id,
  )) {
    const item = index === null ? deliveryId : `${deliveryId}.${index}`
    quarantined.add(item)
    if (reason.startsWith('the process died')) suspected.add(item)
  }
  return { quarantined, suspected }
}

async function* pages<R>(
  read: (page: { before: number | null; limit: number }) => Promise<readonly R[]>,
  id: (row: R) => number,
): AsyncGenerator<R> {
  for (let before: number | null = null; ; ) {
    const rows: readonly R[] = await read({ before, limit: 500 })
    yield* rows
    const last = rows.at(-1)
    if (last === undefined) return
    before = id(last)
  }
}

type Waiting = Pick<Claim, 'rows'> & { readonly delivery: Pick<StoredDelivery, 'id'> }

/** One after the other, each given back at once: what a dead process had claimed is given alone. */
async function claimAll(inbox: InboxPort): Promise<Waiting[]> {
  const found: Waiting[] = []
  for await (const { seq } of pages(
    (page) => inbox.records.list('deliveries', page),
    (row) => row.seq,
  )) {
    const { claims } = await inbox.claims.claim({
      handlers: ['work'],
      sources: ['shop'],
      maxDeliveries: 1,
      maxBytes: 0,
      seq,
    })
    // Without the bytes.
    found.push(...claims.map(({ rows, delivery: { id } }) => ({ rows, delivery: { id } })))
    inbox.claims.release(claims.map(({ token }) => ({ seq, token })))
  }
  return found
}

/** Ids of the events that wait; of the whole delivery when its first pass has not ended. */
function waiting({ delivery, rows }: Waiting): string[] {
  if (rows === null) return [delivery.id]
  return rows.flatMap(({ first, last }) => {
    return Array.from({ length: last - first + 1 }, (_, i) => `${delivery.id}.${first + i}`)
  })
}
