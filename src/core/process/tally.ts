/** Counts the events that a pass reads and how their calls end, for the counts by time that an inbox keeps. */
import type { Tally } from '../../ports/inbox/look.ts'
import type { AnyEvent, Bounce } from '../../types.ts'

/** Upper bounds in ms: how late an event was received. */
export const LATE_MS: readonly number[] = [1_000, 10_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000]
/** Upper bounds in ms, from the receipt to the end of the first pass. */
export const LAG_MS: readonly number[] = [10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 86_400_000]

/** Events of one native name and type; `sum` of their `lateMs`. */
interface Counter {
  readonly name: string
  readonly type: string
  n: number
  sum: number
}

/** `lateMs` is capped at a week: one wrong date would outweigh all others. */
const MOST_LATE_MS = 604_800_000
/** In characters: long texts of a sender would fill the list of words. */
const LONGEST_CLASS = 40

export class PassTally {
  /** A delivery has few kinds of events, and most often one. */
  readonly #events: Counter[] = []
  /** Made when there is something to count: most deliveries are short. */
  #words: Map<string, number> | null = null
  readonly #done: ByHandler = []
  readonly #failed: ByHandler = []
  readonly #late = new Array<number>(LATE_MS.length + 1).fill(0)

  /** An event of a first pass, once. */
  read(event: AnyEvent): void {
    const found = this.#find(event.name, event.type)
    found.n++
    found.sum += Math.max(-MOST_LATE_MS, Math.min(MOST_LATE_MS, event.lateMs))
    const late = bucketOf(LATE_MS, event.lateMs)
    this.#late[late] = (this.#late[late] as number) + 1
    if (event.effect !== 'none') this.#add(event.effect === 'suppress' ? 'effect:suppress' : 'effect:unsubscribe')
    if (event.isTest) this.#add('test')
    if ('bounce' in event) this.#bounced(event.bounce as Bounce)
  }

  done(handler: string, count: number): void {
    add(this.#done, handler, count)
  }

  /** Failed attempts that will be repeated. */
  failed(handler: string, count: number): void {
    add(this.#failed, handler, count)
  }

  /** `lagMs` null: no first pass. */
  toTally(lagMs: number | null): Tally {
    const [words, numbers]: [string[], number[]] = [[], []]
    const put = (word: string, n: number, sum: number) => {
      words.push(word)
      numbers.push(n, sum)
    }
    for (const { name, type, n, sum } of this.#events) put(wordOf(name, type), n, sum)
    for (let late = 0; late <= LATE_MS.length; late++) {
      const n = this.#late[late] as number
      if (n > 0) put(LATE[late] as string, n, 0)
    }
    for (const [word, n] of this.#words ?? NONE) put(word, n, 0)
    const received = words.length
    for (const [handler, n] of this.#done) put(`done:${handler}`, n, 0)
    for (const [handler, n] of this.#failed) put(`fail:${handler}`, n, 0)
    if (lagMs !== null) put(LAG[bucketOf(LAG_MS, lagMs)] as string, 1, lagMs)
    return { words, numbers, received }
  }

  #find(name: string, type: string): Counter {
    for (const one of this.#events) if (one.name === name && one.type === type) return one
    const made = { name, type, n: 0, sum: 0 }
    this.#events.push(made)
    return made
  }

  #bounced({ kind, class: own }: Bounce): void {
    this.#add(`bounce:${kind}/${(own ?? '').slice(0, LONGEST_CLASS)}`)
  }

  #add(word: string): void {
    this.#words ??= new Map()
    this.#words.set(word, (this.#words.get(word) ?? 0) + 1)
  }
}

/** Few, and most often one. */
type ByHandler = [handler: string, count: number][]

function add(counts: ByHandler, handler: string, count: number): void {
  if (count === 0) return
  const known = counts.find(([name]) => name === handler)
  if (known === undefined) counts.push([handler, count])
  else known[1] += count
}

const NONE: ReadonlyMap<string, number> = new Map()
const LATE = Array.from({ length: LATE_MS.length + 1 }, (_, bucket) => `late:${bucket}`)
const LAG = Array.from({ length: LAG_MS.length + 1 }, (_, bucket) => `lag:${bucket}`)

/** Words by name and type, kept: a text built anew for each delivery would be hashed anew too. */
const words = new Map<string, Map<string, string>>()

/** Names and types come from the catalogues, so `words` stays small. */
function wordOf(name: string, type: string): string {
  const types = words.get(name) ?? new Map<string, string>()
  words.set(name, types)
  const word = types.get(type) ?? `ev:${name}/${type}`
  types.set(type, word)
  return word
}

function bucketOf(bounds: readonly number[], value: number): number {
  let at = 0
  while (at < bounds.length && value > (bounds[at] as number)) at++
  return at
}
