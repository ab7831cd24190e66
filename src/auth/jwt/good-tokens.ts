/** Tokens whose signature was checked: a sender comes with the same one for an hour, and a signature is dear. */
import { createHash } from 'node:crypto'
import type { KeySet } from './key-source.ts'

/** The oldest is forgotten then. Only an issuer can make more. */
const MOST = 1_000

/** Under the hash of the whole token, signature included: nobody gets in by a part of one. */
export class GoodTokens {
  readonly #good = new Map<string, KeySet>()

  /** Whether this very token was good under these keys. Its times are for the caller to look at. */
  has(token: string, keys: KeySet): boolean {
    return this.#good.get(hash(token)) === keys
  }

  add(token: string, keys: KeySet): void {
    this.#good.set(hash(token), keys)
    if (this.#good.size > MOST) this.#good.delete(this.#good.keys().next().value as string)
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
