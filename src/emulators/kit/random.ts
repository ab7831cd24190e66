/** Random test data that a seed decides. Private. */
import { seededRandom } from '../../lib/random.ts'

export class Random {
  readonly seed: number
  /** From 0 to below 1. */
  readonly next: () => number

  constructor(seed: number) {
    this.seed = seed
    this.next = seededRandom(seed)
  }

  /** Another source of randomness, the same for the same `key` however much of this one has been used. */
  fork(key: number): Random {
    return new Random(Math.imul(this.seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(key + 1, 0xc2b2ae35))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** One of the list, which must not be empty. */
  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.integer(0, list.length - 1)] ?? list[0]
  }

  /** Small values are frequent, large ones rare; never above `max`. */
  exponential(mean: number, max: number): number {
    return Math.min(max, -Math.log(1 - this.next()) * mean)
  }

  hex(digits: number): string {
    return this.#text(digits, 16)
  }

  /** Decimal digits, the first of them not 0. */
  digits(count: number): string {
    return `${this.integer(1, 9)}${this.#text(count - 1, 10)}`
  }

  /** A UUID of version 4. */
  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${this.pick(['8', '9', 'a', 'b'])}${this.hex(3)}-${this.hex(12)}`
  }

  /** Eight digits a draw. */
  #text(count: number, radix: number): string {
    let text = ''
    while (text.length < count)
      text += Math.floor(this.next() * radix ** 8)
        .toString(radix)
        .padStart(8, '0')
    return text.slice(0, count)
  }
}
