/** The scan of an array by words of 64 bytes, which `tokens.ts` finds; what it leaves open is judged here. Private. */
import type { Findings } from './findings.ts'
import { isNamed, noteIdentifier, noteNumbersAround } from './numbers.ts'
import { Offsets } from './offsets.ts'
import {
  chunkEnd,
  EMPTY,
  END,
  endsInString,
  findTokens,
  NAMED,
  newTokenState,
  PERHAPS,
  TOO_DEEP,
  type Tokens,
  tokenMeaning,
  tokenOffset,
  UNBALANCED,
} from './tokens.ts'

export class WordScan {
  readonly #found: Findings
  readonly #names: readonly Uint8Array[]
  readonly #state = newTokenState()
  /** Numbers have been looked at up to here. */
  #judged = 0
  #ended = false

  constructor(found: Findings, names: readonly Uint8Array[]) {
    this.#found = found
    this.#names = names
  }

  /** The array is over. */
  get ended(): boolean {
    return this.#ended
  }

  /** Returns where it stopped; null: byte by byte from the start, since what was found in what is no JSON is worth nothing. */
  advance(from: number, stop: number): number | null {
    const { bytes, edges } = this.#found
    const to = chunkEnd(from, bytes.length, stop - from)
    const tokens = findTokens(bytes, from, to, this.#state, this.#names)
    if (tokens === null) return null
    const before = edges.length
    edges.append(tokens.edges)
    const open = this.#judgeAll(from, tokens, before - 1)
    if (this.#found.failure !== null || this.#ended) return open
    this.#found.failAbove()
    if (to === bytes.length && endsInString(this.#state)) this.#found.fail('string', to)
    return to
  }

  /** Returns behind the last one that was judged. */
  #judgeAll(from: number, { left, pairs }: Tokens, before: number): number {
    const own = new Offsets()
    let at = from
    for (let n = 0; n < left.length && this.#found.failure === null; n += 2) {
      at = from + tokenOffset(left[n] as number)
      this.#judge(at, tokenMeaning(left[n] as number), before + (left[n + 1] as number), own)
    }
    this.#found.numbers.append(own.length === 0 ? pairs : merged(pairs, own.view()))
    return at + 1
  }

  /** `index` is that of the element. */
  #judge(at: number, meaning: number, index: number, numbers: Offsets): void {
    const found = this.#found
    if (meaning === TOO_DEEP) found.addDeep(index)
    else if (meaning === EMPTY) found.checkElement(index, at)
    else if (meaning === UNBALANCED) this.#unbalanced(at)
    else if (meaning === END) this.#end(at)
    else if (at >= this.#judged) this.#judged = this.#number(at, meaning, numbers)
  }

  #number(at: number, meaning: number, numbers: Offsets): number {
    const { bytes } = this.#found
    const named = meaning === NAMED || (meaning === PERHAPS && isNamed(bytes, at, this.#names))
    return named ? noteIdentifier(bytes, at, numbers) : noteNumbersAround(bytes, at, this.#judged, numbers)
  }

  #unbalanced(at: number): void {
    this.#found.failAbove()
    this.#found.fail('balance', at)
  }

  #end(at: number): void {
    this.#ended = true
    this.#found.failAbove()
    this.#found.close(at)
  }
}

/** The pairs of both, each in order of starts, in that order. */
function merged(a: Int32Array, b: Int32Array): Int32Array {
  const all = new Int32Array(a.length + b.length)
  let [inA, inB] = [0, 0]
  for (let to = 0; to < all.length; to += 2) {
    const isA = inB >= b.length || (inA < a.length && (a[inA] as number) < (b[inB] as number))
    const [list, at] = isA ? [a, inA] : [b, inB]
    all[to] = list[at] as number
    all[to + 1] = list[at + 1] as number
    if (isA) inA += 2
    else inB += 2
  }
  return all
}
