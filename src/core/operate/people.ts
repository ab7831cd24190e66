/** The verbs about one person: all that is stored of them, and taking it away. */

import type { Clock } from '../../ports/clock.ts'
import type { InboxPort } from '../../ports/inbox/index.ts'
import type { Cursor, Erasure } from '../../ports/inbox/operations.ts'
import type { Page } from '../../ports/inbox/records.ts'
import type { StoredDeadLetter, StoredDelivery } from '../../ports/inbox/rows.ts'
import type { EraseOptions, EraseReport, PersonalRecord, PersonFilter } from '../../public/inbox.ts'
import type { AnyEvent } from '../../types.ts'
import { Person } from './person.ts'
import { type Found, type SearchParts, searchDeadLetter, searchDelivery } from './search.ts'
import { assertAtMost, pages, pause } from './verbs.ts'

export interface PeopleParts extends SearchParts {
  readonly inbox: InboxPort
  readonly clock: Clock
}

/** Handed to the inbox in one go: an acknowledgement waits for no more than this, or for one large body. */
const MOST_DELIVERIES = 100
const MOST_BYTES = 1 << 20
/** A claim ends when its handlers have; asked for again after so many ms. */
const BUSY_MS = 100
const PURGE_MS = 50

/** Everything that is stored of a person, newest first; what its delivery has lost is read from dead letters. */
export async function* exportPerson(parts: PeopleParts, filter: PersonFilter): AsyncGenerator<PersonalRecord> {
  const person = new Person(filter.email)
  for await (const delivery of deliveriesOf(parts, filter)) {
    if (delivery === null) continue
    const match = await searchDelivery(parts, delivery, person)
    if (match.kind === 'whole') yield record(delivery, { index: null, raw: delivery.body, event: null }, [])
    if (match.kind !== 'elements') continue
    for (const found of match.found) yield record(delivery, found, await deadFor(parts, delivery, found.index))
  }
  const told = new Set<string>()
  for await (const [letter, found] of lostLettersOf(parts, filter, person)) {
    const one = record(letter.delivery, found, await deadFor(parts, letter.delivery, found.index))
    if (!told.has(one.id)) yield one
    told.add(one.id)
  }
}

/** Resolves when nothing of the person is left in what was stored when it was called, and nothing of it is under way. */
export async function erasePerson(
  parts: PeopleParts,
  filter: PersonFilter,
  run: EraseOptions = {},
): Promise<EraseReport> {
  const person = new Person(filter.email)
  const eraser = new Eraser(parts, run, await counted(parts, filter, person, run))
  // A dead letter may come back to life, or die, while the deliveries are gone through.
  await eraser.letters(filter, person)
  await eraser.deliveries(filter, person)
  await eraser.letters(filter, person)
  await eraser.finish(person)
  return eraser.report()
}

/** What was counted, and nothing else is taken; null: there is no bound. @throws PosthornError ERR_MORE_MATCHED */
async function counted(
  parts: PeopleParts,
  filter: PersonFilter,
  person: Person,
  { atMost, dryRun, signal }: EraseOptions,
): Promise<ReadonlySet<string> | null> {
  if (atMost === undefined || dryRun) return null
  const counting = new Eraser(parts, signal === undefined ? { dryRun: true } : { dryRun: true, signal }, null)
  await counting.letters(filter, person)
  await counting.deliveries(filter, person)
  assertAtMost(counting.found.size, atMost)
  return counting.found
}

class Eraser {
  readonly #parts: PeopleParts
  readonly #run: EraseOptions
  /** Nothing else is taken; null: all that is there. */
  readonly #only: ReadonlySet<string> | null
  /** Elements and whole bodies, by the number of their delivery. */
  readonly found = new Set<string>()
  #waiting: Erasure[] = []
  #waitingBytes = 0
  #busy: Erasure[] = []
  #searched = 0
  #closed = 0
  #erased = 0
  #leftIn: readonly string[] = []

  constructor(parts: PeopleParts, run: EraseOptions, only: ReadonlySet<string> | null) {
    this.#parts = parts
    this.#run = run
    this.#only = only
  }

  async deliveries(filter: PersonFilter, person: Person): Promise<void> {
    const { ratePerSecond = Number.POSITIVE_INFINITY, signal, onProgress } = this.#run
    for await (const delivery of deliveriesOf(this.#parts, filter)) {
      if (signal?.aborted) return
      this.#searched++
      await this.#search(delivery, person)
      onProgress?.(this.report())
      if (Number.isFinite(ratePerSecond)) await pause(this.#parts.clock, 1_000 / ratePerSecond, signal)
    }
    await this.#hand()
  }

  async letters(filter: PersonFilter, person: Person): Promise<void> {
    for await (const [{ delivery }, { index }] of lostLettersOf(this.#parts, filter, person)) {
      if (this.#run.signal?.aborted) return
      await this.#take({ seq: delivery.seq, indices: [index] }, 0)
    }
    await this.#hand()
  }

  /** Waits for what is under way, cuts the address out of errors of other events, and then waits for the files. */
  async finish({ email }: Person): Promise<void> {
    const { inbox, clock } = this.#parts
    const { dryRun, signal, copies = false } = this.#run
    while (this.#busy.length > 0 && !signal?.aborted) {
      await pause(clock, BUSY_MS, signal)
      this.#waiting = this.#busy.splice(0, MOST_DELIVERIES)
      await this.#hand()
    }
    await this.#inPortions((from) => inbox.carryOut({ kind: 'cut', email, from }))
    await this.#inPortions((from) => inbox.carryOut({ kind: 'purge', from }))
    this.#leftIn = (await inbox.copies?.leftovers(copies && !dryRun && !signal?.aborted)) ?? []
  }

  async #inPortions(next: (from: Cursor | null) => Promise<Cursor | null>): Promise<void> {
    const { dryRun, signal } = this.#run
    for (let from: Cursor | null = null; !dryRun && !signal?.aborted; ) {
      from = await next(from)
      if (from === null) return
      await pause(this.#parts.clock, PURGE_MS, signal)
    }
  }

  report(): EraseReport {
    return {
      matched: this.found.size,
      queued: this.#erased,
      deliveries: this.#searched,
      closed: this.#closed,
      leftIn: this.#leftIn,
    }
  }

  async #search(delivery: StoredDelivery | null, person: Person): Promise<void> {
    const match = delivery && (await searchDelivery(this.#parts, delivery, person))
    // Damaged bytes cannot be looked into either.
    if (delivery === null || match === null || match.kind === 'closed') return void this.#closed++
    const indices = match.kind === 'whole' ? null : match.found.map(({ index }) => index)
    await this.#take({ seq: delivery.seq, indices }, delivery.body.byteLength)
  }

  async #take({ seq, indices: all }: Erasure, bytes: number): Promise<void> {
    const isMeant = (what: number | 'whole') => this.#only?.has(`${seq}.${what}`) ?? true
    const indices = all === null ? (isMeant('whole') ? null : []) : all.filter(isMeant)
    if (indices?.length === 0) return
    for (const index of indices ?? ['whole']) this.found.add(`${seq}.${index}`)
    if (this.#run.dryRun) return
    this.#waiting.push({ seq, indices })
    this.#waitingBytes += bytes
    if (this.#waiting.length >= MOST_DELIVERIES || this.#waitingBytes >= MOST_BYTES) await this.#hand()
  }

  async #hand(): Promise<void> {
    const erasures = this.#waiting
    this.#waiting = []
    this.#waitingBytes = 0
    if (erasures.length === 0) return
    const { erased, busy } = await this.#parts.inbox.carryOut({ kind: 'erase', erasures })
    this.#erased += erased
    this.#busy.push(...erasures.filter(({ seq }) => busy.includes(seq)))
  }
}

/** With their bytes, newest first; null for one that cannot be read. Those without bytes are passed over. */
async function* deliveriesOf({ inbox }: PeopleParts, filter: PersonFilter): AsyncGenerator<StoredDelivery | null> {
  const rows = pages(
    (page) => inbox.records.list('deliveries', page),
    (row) => row.seq,
    pageOf(filter),
  )
  for await (const page of rows)
    for (const row of page) {
      if (row.kept === 'none') continue
      const delivery = await inbox.records.read(row.seq)
      if (delivery?.kept !== 'none') yield delivery
    }
}

/** Dead letters about the person whose deliveries have lost their bytes. */
async function* lostLettersOf(
  parts: PeopleParts,
  { source, since, until }: PersonFilter,
  person: Person,
): AsyncGenerator<readonly [StoredDeadLetter, Found]> {
  const rows = pages<StoredDeadLetter>(
    (page) => parts.inbox.records.list('deadLetters', page),
    (row) => row.id,
    { source, isWhole: true },
  )
  for await (const page of rows)
    for (const letter of page) {
      const { kept, receivedAt } = letter.delivery
      if (kept !== 'none' || (since && receivedAt < since.getTime()) || (until && receivedAt >= until.getTime()))
        continue
      const found = searchDeadLetter(parts, letter, person)
      if (found !== null) yield [letter, found]
    }
}

function pageOf({ source, since, until }: PersonFilter): Omit<Page, 'before' | 'limit'> {
  return { source, since: since?.getTime(), until: until?.getTime(), isWhole: true }
}

type Facts = Omit<StoredDelivery, 'body'>

async function deadFor({ inbox }: PeopleParts, { id: deliveryId, seq }: Facts, index: number): Promise<string[]> {
  const letters = await inbox.records.list('deadLetters', {
    before: null,
    limit: 1_000,
    deliveryId,
    index,
    isWhole: true,
  })
  return letters.filter(({ delivery }) => delivery.seq === seq).map(({ handler }) => handler)
}

interface Piece {
  readonly index: number | null
  readonly raw: Uint8Array
  readonly event: AnyEvent | null
}

function record({ id, source, receivedAt }: Facts, { index, raw, event }: Piece, deadFor: string[]): PersonalRecord {
  const own = index === null ? id : `${id}.${index}`
  return { id: own, source, receivedAt: new Date(receivedAt), event, raw, deadFor: deadFor.sort() }
}
