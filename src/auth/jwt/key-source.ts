/** Where the keys come from: given, or fetched from the issuer and kept. */
import type { JWTVerifyGetKey } from 'jose'
import { codeOf } from '../../lib/code-of.ts'
import type { AuthSetting } from '../../ports/auth.ts'
import { FetchFault, fetchKeys } from './fetch-keys.ts'
import type { RemoteRules } from './options.ts'

/** The keys of one moment; another object once they are others. */
export interface KeySet {
  readonly find: JWTVerifyGetKey
}

export interface KeySource {
  /** What is known now, at once; null where nothing is. Looks for newer ones behind the scenes when it is time. */
  known(): KeySet | null
  /** What is known, after a fetch where nothing is; null where that fails. */
  get(): Promise<KeySet | null>
  /** For a token whose key is not in `than`: newer ones, or `than` when those are the latest; null: nobody can tell. */
  newer(than: KeySet): Promise<KeySet | null>
}

export function localKeys(find: JWTVerifyGetKey): KeySource {
  const set: KeySet = { find }
  return { known: () => set, get: async () => set, newer: async () => set }
}

const FRESH_MS = 600_000
/** Unknown key ids make us fetch this often at most: whoever invents them must not decide on our traffic. */
const COOL_DOWN_MS = 30_000
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [1_000, 60_000]

export type ToFinder = (keys: object) => JWTVerifyGetKey

/**
 * One fetch is under way at most, and after a failure there is a pause, twice as long each time. The last keys hold while
 * the issuer cannot be reached, up to `staleMs`: senders keep the tokens they have, and so do we.
 */
export class RemoteKeys implements KeySource {
  readonly #rules: RemoteRules
  readonly #at: AuthSetting
  readonly #toFinder: ToFinder
  #set: KeySet | null = null
  #text = ''
  #fetchedAt = 0
  #fetching: Promise<void> | null = null
  #failures = 0
  #notBefore = 0

  constructor(rules: RemoteRules, at: AuthSetting, toFinder: ToFinder) {
    this.#rules = rules
    this.#at = at
    this.#toFinder = toFinder
  }

  known(): KeySet | null {
    if (this.#age() > FRESH_MS) void this.#refresh()
    return this.#age() <= Math.max(this.#rules.staleMs, FRESH_MS) ? this.#set : null
  }

  async get(): Promise<KeySet | null> {
    const set = this.known()
    if (set !== null) return set
    await this.#refresh()
    return this.known()
  }

  async newer(than: KeySet): Promise<KeySet | null> {
    if (this.#set === than && this.#age() < COOL_DOWN_MS) return than
    const before = this.#fetchedAt
    if (this.#set === than) await this.#refresh()
    return this.#set !== than || this.#fetchedAt !== before ? this.#set : null
  }

  #age(): number {
    return this.#set === null ? Number.POSITIVE_INFINITY : this.#at.clock.now() - this.#fetchedAt
  }

  /** Never rejects. */
  #refresh(): Promise<void> {
    if (this.#fetching !== null) return this.#fetching
    if (this.#at.clock.now() < this.#notBefore) return Promise.resolve()
    this.#fetching = this.#fetch().finally(() => {
      this.#fetching = null
    })
    return this.#fetching
  }

  async #fetch(): Promise<void> {
    try {
      this.#take(await fetchKeys(this.#rules, this.#at.clock))
      this.#failures = 0
      this.#notBefore = 0
    } catch (error) {
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures++, LONGEST_PAUSE_MS)
      this.#notBefore = this.#at.clock.now() + pause
      this.#tell(error)
    }
  }

  /** An issuer without any key is one in trouble: what it had goes on. */
  #take(text: string): void {
    const parsed = parse(text)
    if (text !== this.#text || this.#set === null) this.#set = { find: this.#toFinder(parsed) }
    this.#text = text
    this.#fetchedAt = this.#at.clock.now()
  }

  #tell(error: unknown): void {
    const { source, notice } = this.#at
    const rest = this.#set === null ? 'tokens are answered 503' : 'the last ones go on'
    const message = `source "${source}": the keys of the issuer could not be fetched; ${rest}`
    const facts = { source, host: this.#rules.url.host, code: causeOf(error) }
    notice(`keys:${source}`, 'warn', message, { event: 'auth.keys_unreachable', ...facts })
  }
}

function parse(text: string): object {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new FetchFault('not_json')
  }
  const keys: unknown = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : null
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > MOST_KEYS) throw new FetchFault('no_keys')
  return { keys }
}

const MOST_KEYS = 100

/** `fetch failed` says nothing; its cause does. */
function causeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined
  return codeOf(cause ?? error)
}
