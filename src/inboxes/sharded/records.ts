/** Looks over all shards: pages merged by their numbers, counts added. Those that do not answer are left out. */
import type {
  HistoryPage,
  HistoryRow,
  Listings,
  Page,
  Records,
  StoredPause,
  StoredStats,
} from '../../ports/inbox/records.ts'
import type { StoredDelivery, WorkRow } from '../../ports/inbox/rows.ts'
import { afterIn, beforeIn, inside, outside, placeOf } from './numbers.ts'
import { LONGEST_MS, LOOK_MS } from './shard.ts'
import type { Answers, Shards } from './shards.ts'

export class ShardedRecords implements Records {
  readonly #shards: Shards

  constructor(shards: Shards) {
    this.#shards = shards
  }

  async stats(): Promise<StoredStats> {
    const { answers, missing } = await this.#shards.look(({ records }) => records.stats(), LOOK_MS)
    return sumOf(
      answers.map(({ answer }) => answer),
      missing,
    )
  }

  async delivery(id: string): Promise<StoredDelivery | null> {
    const [found] = onlyFound(await this.#shards.look(({ records }) => records.delivery(id)))
    return found === undefined ? null : { ...found.answer, seq: outside(found.place, found.answer.seq) }
  }

  async read(seq: number): Promise<StoredDelivery | null> {
    this.#shards.assertOpen()
    const shard = this.#shards.all.find(({ place }) => place === placeOf(seq))
    const found = (await shard?.ask(({ records }) => records.read(inside(seq)))) ?? null
    return found === null ? null : { ...found, seq }
  }

  async list<K extends keyof Listings>(kind: K, page: Page): Promise<readonly Listings[K][]> {
    const { missing: without, ...asked } = page
    const { answers, missing, error } = await this.#shards.look(
      ({ records }, place) => records.list(kind, { ...asked, before: beforeIn(place, page.before) }),
      LONGEST_MS,
      without,
    )
    if (page.isWhole === true && missing.length > 0) throw error
    for (const place of missing) without?.add(place)
    const rows = answers.flatMap(({ place, answer }) => answer.map((row) => OUTSIDE[kind](place, row)))
    const newest = rows.sort((a, b) => b.number - a.number).slice(0, page.limit)
    return newest.map(({ row }) => row)
  }

  async history(page: HistoryPage): Promise<readonly HistoryRow[]> {
    const { missing: without, ...asked } = page
    const { answers, missing } = await this.#shards.look(
      ({ records }, place) => records.history({ ...asked, after: afterIn(place, page.after) }),
      LONGEST_MS,
      without,
    )
    for (const place of missing) without?.add(place)
    const rows = answers.flatMap(({ place, answer }) => answer.map((row) => ({ ...row, seq: outside(place, row.seq) })))
    return rows.sort((a, b) => a.seq - b.seq).slice(0, page.limit)
  }

  async progress(deliveryId: string, index: number) {
    const [found] = onlyFound(await this.#shards.look(({ records }) => records.progress(deliveryId, index)))
    if (found === undefined) return null
    const { place, answer } = found
    const rows: WorkRow[] = answer.rows.map((row) => ({ ...row, id: outside(place, row.id) }))
    return { ...answer, rows }
  }

  async handlers() {
    const { answers } = await this.#shards.look(({ records }) => records.handlers())
    const seen = new Map<string, number>()
    for (const { name, seenAt } of answers.flatMap(({ answer }) => answer))
      seen.set(name, Math.max(seenAt, seen.get(name) ?? 0))
    return [...seen].map(([name, seenAt]) => ({ name, seenAt })).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}

/** That it is nowhere is said by all of them, or not at all. */
function onlyFound<T>({ answers, missing, error }: Answers<T | null>) {
  const found = answers.flatMap(({ place, answer }) => (answer === null ? [] : [{ place, answer }]))
  if (found.length === 0 && missing.length > 0) throw error
  return found
}

type Numbered<K extends keyof Listings> = { readonly number: number; readonly row: Listings[K] }

const OUTSIDE: { readonly [K in keyof Listings]: (place: number, row: Listings[K]) => Numbered<K> } = {
  deliveries(place, row) {
    const seq = outside(place, row.seq)
    return { number: seq, row: { ...row, seq } }
  },
  deadLetters(place, row) {
    const id = outside(place, row.id)
    return { number: id, row: { ...row, id, delivery: { ...row.delivery, seq: outside(place, row.delivery.seq) } } }
  },
  quarantine(place, row) {
    const id = outside(place, row.id)
    return { number: id, row: { ...row, id } }
  },
}

export function sumOf(all: readonly StoredStats[], missing: readonly number[]): StoredStats {
  const sum = (of: (stats: StoredStats) => number) => all.reduce((total, stats) => total + of(stats), 0)
  const oldest = all.flatMap(({ oldestPendingAt: at }) => (at === null ? [] : [at]))
  return {
    pending: sum(({ pending }) => pending),
    pendingBytes: sum(({ pendingBytes }) => pendingBytes),
    oldestPendingAt: oldest.length === 0 ? null : Math.min(...oldest),
    deadLetters: sum(({ deadLetters }) => deadLetters),
    quarantined: sum(({ quarantined }) => quarantined),
    unhandled: addedUp(all.map(({ unhandled }) => unhandled)),
    cancelled: sum(({ cancelled }) => cancelled),
    paused: pausesOf(all.map(({ paused }) => paused)),
    orphaned: addedUp(all.map(({ orphaned }) => orphaned)),
    orphanedSources: addedUp(all.map(({ orphanedSources }) => orphanedSources)),
    duplicateEvents: addedUp(all.map(({ duplicateEvents }) => duplicateEvents)),
    expired: sum(({ expired }) => expired),
    erased: sum(({ erased }) => erased),
    replays: addedUp(all.map(({ replays }) => replays)),
    ...(missing.length > 0 && { missingShards: missing }),
  }
}

function addedUp(all: ReadonlyArray<Readonly<Record<string, number>>>): Record<string, number> {
  const sums = new Map<string, number>()
  for (const counts of all) for (const [name, n] of Object.entries(counts)) sums.set(name, (sums.get(name) ?? 0) + n)
  return Object.fromEntries(sums)
}

/** A handler is paused where one shard says so: since the first word, and by hand before by failures. */
export function pausesOf(lists: ReadonlyArray<readonly StoredPause[]>): readonly StoredPause[] {
  const pauses = new Map<string, StoredPause>()
  for (const pause of lists.flat()) {
    const known = pauses.get(pause.handler)
    if (known === undefined) pauses.set(pause.handler, pause)
    else
      pauses.set(pause.handler, {
        ...known,
        by: known.by === 'hand' ? 'hand' : pause.by,
        since: Math.min(known.since, pause.since),
      })
  }
  return [...pauses.values()].sort((a, b) => (a.handler < b.handler ? -1 : 1))
}
