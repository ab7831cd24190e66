/**
 * Counts by time, as every inbox keeps them: the words of a settlement, how many there may be, how long they are kept.
 */
import { quarantineKind, type ToQuarantine } from '../../lib/quarantine-kinds.ts'
import type { Settlement } from '../../ports/inbox/claims.ts'
import type { Observed, Step } from '../../ports/inbox/look.ts'

export const STEP_MS: Readonly<Record<Step, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** How many steps of each length are kept: 48 hours, 35 days, 400 days. */
export const KEPT: Readonly<Record<Step, number>> = { minute: 2_880, hour: 840, day: 400 }

export const slotOf = (at: number, step: Step): number => Math.floor(at / STEP_MS[step])

/** The sum, capped where numbers stop being exact. */
export const sumOf = (sum: number, more: number): number =>
  Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Math.round(sum + more)))

/** Hands counts of requests to `counts`, each at its own instant. */
export function tellObserved(observed: readonly Observed[], counts: Pick<Counts, 'tell'>): void {
  for (const { at, source, word, n, sum } of observed) counts.tell(at, source, word, n, sum)
}

/** Receives one count. */
export type Tell = (word: string, n: number, sum: number) => void

/** Tells the words that count at the receipt of the delivery. */
export function tellReceived({ tally }: Pick<Settlement, 'tally'>, tell: Tell): void {
  if (tally !== undefined) tellWords(tally, 0, tally.received, tell)
}

/**
 * Tells the words that count when it is settled; `settlement` as it is carried out, without cancelled rows and letters.
 */
export function tellSettled(
  { tally, dead, quarantined, unhandled, duplicateEvents = 0 }: Omit<Settlement, 'token'>,
  tell: Tell,
): void {
  if (tally === undefined) return
  tellWords(tally, tally.received, tally.words.length, tell)
  for (const { handler } of dead) tell(`dead:${handler}`, 1, 0)
  for (const one of quarantined) tell(quarantinedWord(one), 1, 0)
  for (const name in unhandled) tell(`unhandled:${name}`, unhandled[name] ?? 0, 0)
  if (duplicateEvents > 0) tell('copy', duplicateEvents, 0)
}

export const quarantinedWord = (item: ToQuarantine): string => `quarantined:${quarantineKind(item)}`

type Told = Pick<NonNullable<Settlement['tally']>, 'words' | 'numbers'>

function tellWords({ words, numbers }: Told, from: number, to: number, tell: Tell): void {
  for (let at = from; at < to; at++) tell(words[at] ?? '', numbers[2 * at] ?? 0, numbers[2 * at + 1] ?? 0)
}

/** What senders and users name could be without end: of one kind so many words are told apart, the rest is `other`. */
const MOST_OF_A_KIND = 200
const LONGEST = 200

/** Words that there are, by kind: what is before the colon. */
export class Words {
  readonly #known = new Set<string>()
  readonly #kinds = new Map<string, number>()

  add(word: string): void {
    if (this.#known.has(word)) return
    this.#known.add(word)
    const kind = kindOf(word)
    if (word !== otherOf(kind)) this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1)
  }

  /** The word it counts under. */
  within(word: string): string {
    if (this.#known.has(word)) return word
    const kind = kindOf(word)
    return word.length > LONGEST || (this.#kinds.get(kind) ?? 0) >= MOST_OF_A_KIND ? otherOf(kind) : word
  }
}

const otherOf = (kind: string): string => `${kind}:other`

export interface Count {
  n: number
  sum: number
}

/** Counts gathered before they are written, by minute, source and word. */
export class Counts {
  readonly #words: Words
  readonly #counts = new Map<number, Map<string, Map<string, Count>>>()

  constructor(words: Words) {
    this.#words = words
  }

  telling(at: number, source: string): Tell {
    return (word, n, sum) => this.tell(at, source, word, n, sum)
  }

  tell(at: number, source: string, asked: string, n: number, sum: number): void {
    const word = this.#words.within(asked)
    this.#words.add(word)
    this.add(slotOf(at, 'minute'), source, word, n, sum)
  }

  add(minute: number, source: string, word: string, n: number, sum: number): void {
    const sources = this.#counts.get(minute) ?? new Map<string, Map<string, Count>>()
    this.#counts.set(minute, sources)
    const words = sources.get(source) ?? new Map<string, Count>()
    sources.set(source, words)
    const count = words.get(word)
    if (count === undefined) words.set(word, { n, sum: sumOf(0, sum) })
    else {
      count.n += n
      count.sum = sumOf(count.sum, sum)
    }
  }

  *all(): Generator<Count & { readonly minute: number; readonly source: string; readonly word: string }> {
    for (const [minute, sources] of this.#counts)
      for (const [source, words] of sources) for (const [word, count] of words) yield { minute, source, word, ...count }
  }
}

const kindOf = (word: string): string => word.split(':', 1)[0] ?? word
