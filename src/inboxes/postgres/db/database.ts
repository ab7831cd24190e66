/**
 * Statements and transactions on a pool. A `@` before a name in a text stands for the schema; so it does in the name of a lock,
 * which counts for the whole database.
 */
import { PosthornError } from '../../../errors.ts'
import { CopyOut, type Fields } from './copy-out.ts'
import type { Cut } from './cut.ts'
import type { Client, Connections, QueryConfig, Row } from './driver.ts'
import { faultOf, toInboxError } from './failure.ts'
import { TYPES } from './values.ts'

const LIMIT_MS = 30_000
const SLOW_MS = 3_600_000
/** Shorter than others wait for its locks. */
const IDLE_MS = 20_000
const ATTEMPTS = 3

/** What the views of one database have in common. */
interface Shared {
  readonly texts: Map<string, string>
  readonly heard: WeakSet<Client>
  /** Those whose last statement was warned of. */
  readonly warned: WeakSet<Client>
}

/** One connection, in a transaction or not. */
export interface Session {
  all<T = Row>(text: string, ...values: readonly unknown[]): Promise<readonly T[]>
  /** Several statements in one text, without values. */
  script(text: string, limitMs?: number): Promise<void>
  /** Rows by COPY: `select` has no parameters. */
  copy(select: string): Promise<readonly Fields[]>
}

interface DatabaseParts {
  readonly pool: Connections
  readonly schema: string
  /** Nobody waits for anything after it. */
  readonly cut: Cut
  /** Called with null after each statement that went well, and with the error of one that the database refused. */
  readonly tell: (error: Error | null) => void
}

export class Database {
  readonly #parts: DatabaseParts
  readonly #shared: Shared
  readonly #limitMs: number

  constructor(
    parts: DatabaseParts,
    shared: Shared = { texts: new Map(), heard: new WeakSet(), warned: new WeakSet() },
    limitMs = LIMIT_MS,
  ) {
    this.#parts = parts
    this.#shared = shared
    this.#limitMs = limitMs
  }

  /** The same, for whoever waits so long at most for a statement. */
  within(limitMs: number): Database {
    return new Database(this.#parts, this.#shared, limitMs)
  }

  /** One statement, which is a transaction of its own. Rejects with a coded error. */
  async all<T = Row>(text: string, ...values: readonly unknown[]): Promise<readonly T[]> {
    return this.#with((session) => session.all<T>(text, ...values))
  }

  copy(select: string): Promise<readonly Fields[]> {
    return this.#with((session) => session.copy(select))
  }

  /** A statement that may take its time, and that no transaction can hold. */
  async slowly(text: string): Promise<void> {
    await this.#with((session) => session.script(text, SLOW_MS))
  }

  /** All of it or nothing; `run` may be called again, with nothing of the time before done. */
  transaction<T>(run: (session: Session) => Promise<T>): Promise<T> {
    return this.#in('BEGIN ISOLATION LEVEL READ COMMITTED', run)
  }

  /** Reads of one moment. */
  snapshot<T>(run: (session: Session) => Promise<T>): Promise<T> {
    return this.#in('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', run)
  }

  /** The server ends one whose process was stopped or cut off: its locks would hold up all others. */
  #in<T>(begin: string, run: (session: Session) => Promise<T>): Promise<T> {
    return this.#with(async (session) => {
      await session.all(`${begin}; SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`)
      try {
        const result = await run(session)
        await session.all('COMMIT')
        return result
      } catch (error) {
        // Without a connection there is nothing to roll back.
        if (isOwn(error) || faultOf(error) !== 'lost') await session.all('ROLLBACK')
        throw error
      }
    })
  }

  async #with<T>(run: (session: Session) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const result = await this.#once(run)
        this.#parts.tell(null)
        return result
      } catch (error) {
        if (faultOf(error) === 'again' && attempt < ATTEMPTS) continue
        const coded = toInboxError(error)
        if (coded !== error && faultOf(error) !== 'item') this.#parts.tell(coded)
        throw isOwn(error) ? error : coded
      }
    }
  }

  async #once<T>(run: (session: Session) => Promise<T>): Promise<T> {
    const client = await this.#client()
    const { cut } = this.#parts
    let isBroken = true
    try {
      const result = await cut.until(run(this.#session(client)))
      if (this.#shared.warned.has(client)) throw unconfirmed()
      isBroken = false
      return result
    } catch (error) {
      isBroken = cut.isOver || this.#shared.warned.has(client) || (!isOwn(error) && faultOf(error) === 'lost')
      throw error
    } finally {
      client.release(isBroken)
    }
  }

  /** One that is lost while it is in use says so to its query, and beside that to whoever listens: nobody would end the process. */
  async #client(): Promise<Client> {
    const { pool, cut } = this.#parts
    const connecting = pool.connect()
    const client = await cut.until(connecting).catch((error: unknown) => {
      // One that comes when nobody waits any more.
      connecting.then((late) => late.release(true)).catch(() => {})
      throw error
    })
    if (!this.#shared.heard.has(client)) this.#hear(client)
    this.#shared.warned.delete(client)
    return client
  }

  #hear(client: Client): void {
    const { heard, warned } = this.#shared
    heard.add(client)
    client.on('error', () => {})
    client.on('notice', ({ routine }) => {
      if (routine === WAIT) warned.add(client)
    })
  }

  #session(client: Client): Session {
    return {
      all: async <T>(text: string, ...values: readonly unknown[]) => {
        const config: QueryConfig = { text: this.#text(text), values, query_timeout: this.#limitMs, types: TYPES }
        return (await client.query(config)).rows as readonly T[] // the caller knows the columns
      },
      script: async (text, limitMs = this.#limitMs) => {
        await client.query({ text: this.named(text), query_timeout: limitMs })
      },
      copy: (select) => {
        const query = new CopyOut(this.named(select), this.#limitMs)
        client.query(query)
        return query.rows
      },
    }
  }

  #text(text: string): string {
    const { texts } = this.#shared
    const known = texts.get(text)
    if (known !== undefined) return known
    const made = this.named(text)
    texts.set(text, made)
    return made
  }

  /** The text as it is sent. */
  named(text: string): string {
    return text.replaceAll('@', `"${this.#parts.schema}".`)
  }
}

/**
 * A commit that waits for a standby, and whose wait somebody cancels, is reported as if it had gone well, with a warning. Its
 * code is that of every warning, its text in the server's language: it is told by the function of the server that it comes from.
 */
const WAIT = 'SyncRepWaitForLSN'

const unconfirmed = () =>
  new PosthornError(
    'ERR_INBOX_IO',
    'PostgreSQL did not wait for its standby: it is not known whether this is stored for good.',
  )

/** What was thrown by the inbox itself, not by the driver. */
const isOwn = (error: unknown): boolean => toInboxError(error) === error
