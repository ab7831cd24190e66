/**
 * Counts by time and uses of credentials of one group: gathered in memory, written in a few narrow rows at its commit.
 */
import type { Step } from '../../../../ports/inbox/look.ts'
import { type Count, Counts, STEP_MS, slotOf, Words } from '../../../rules/tally.ts'
import { Uses } from '../../../rules/uses.ts'
import type { Database } from '../db/database.ts'
import * as look from '../db/look-sql.ts'

/** Up to when hours and days are added up, and from when minutes and hours are kept. */
export interface Marks {
  readonly hours_to: number
  readonly days_to: number
  readonly minutes_from: number
  readonly hours_from: number
}

/** What the file has stored; after a group that failed it is read again, with the ledger. */
export interface Known {
  readonly words: Words
  /** Ids of words in the file, by text. */
  readonly ids: Map<string, number>
  readonly uses: Uses<Use>
}

interface Use {
  readonly source: string
  readonly credential: string | null
  /** These three: since the use was last written. */
  firstAt: number
  lastAt: number
  count: number
}

function newUse(source: string, credential: string | null): Use {
  return { source, credential, firstAt: 0, lastAt: 0, count: 0 }
}

/** What one group counts. */
export class Gathering {
  readonly known: Known
  readonly counts: Counts
  readonly #uses = new Set<Use>()

  constructor(known: Known) {
    this.known = known
    this.counts = new Counts(known.words)
  }

  used(source: string, label: string | null, at: number): void {
    const use = this.known.uses.of(source, label, (credential) => newUse(source, credential))
    if (use.count === 0) use.firstAt = at
    use.lastAt = at
    use.count++
    this.#uses.add(use)
  }

  save(db: Database, marks: Marks): void {
    for (const { minute, source, word, ...count } of this.counts.all())
      add(db, marks, minute, [this.#idOf(db, source), this.#idOf(db, word)], count)
    for (const use of this.#uses) {
      db.run(look.noteSeen, use.source, use.credential ?? '', use.firstAt, use.lastAt, use.count)
      use.count = 0
    }
  }

  #idOf(db: Database, text: string): number {
    const { ids } = this.known
    const known = ids.get(text)
    if (known !== undefined) return known
    const id = db.get<{ id: number }>(look.insertWord, text)?.id ?? 0
    ids.set(text, id)
    return id
  }
}

function add(
  db: Database,
  { hours_to, days_to, minutes_from, hours_from }: Marks,
  minute: number,
  ids: readonly [source: number, word: number],
  { n, sum }: Count,
): void {
  const at = minute * STEP_MS.minute
  const [hour, day] = [slotOf(at, 'hour'), slotOf(at, 'day')]
  const to = (step: Step, slot: number) => db.run(look.addTo[step], slot, ...ids, n, Math.round(sum))
  if (minute >= minutes_from) to('minute', minute)
  if (hour < hours_to && hour >= hours_from) to('hour', hour)
  if (day < days_to) to('day', day)
}

export function writeMarks(db: Database, { hours_to, days_to, minutes_from, hours_from }: Marks): void {
  db.run(look.writeMarks, hours_to, days_to, minutes_from, hours_from)
}

export function readKnown(db: Database): Known {
  const words = new Words()
  const ids = new Map<string, number>()
  for (const { id, text } of db.all<{ id: number; text: string }>(look.readWords)) {
    ids.set(text, id)
    words.add(text)
  }
  const seen = db.all<{ source: string; credential: string }>(look.readSeen)
  const uses = new Uses<Use>()
  for (const { source, credential } of seen) uses.of(source, credential || null, (label) => newUse(source, label))
  return { words, ids, uses }
}

export function readMarks(db: Database): Marks {
  const marks = db.get<Marks>(look.readMarks)
  if (!marks) throw new Error('the row of tally_mark is missing')
  return marks
}
