/** One connection of `node:sqlite` with its prepared statements. */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { loadSqlite } from '../../../../lib/load-sqlite.ts'

/** A named parameter list. */
export type Named = Readonly<Record<string, SQLInputValue>>

export class Database {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  /** Called by `begin`, inside the transaction and before anything is written; throws where nothing may be. */
  guard: () => void = () => {}

  constructor(path: string, options: { readonly readOnly: boolean } = { readOnly: false }) {
    const { DatabaseSync } = loadSqlite()
    this.#db = new DatabaseSync(path, { enableForeignKeyConstraints: false, ...options })
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }

  /** Begins a transaction that writes: nobody else writes until it ends. */
  begin(): void {
    this.exec('BEGIN IMMEDIATE')
    this.guard()
  }

  /** Returns the number of rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }

  /** The first row. Its shape is what the statement says, which no compiler can check. */
  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.#prepared(sql).get(...values) as T | undefined
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.#prepared(sql).all(...values) as T[]
  }

  allNamed<T>(sql: string, values: Named): T[] {
    return this.#prepared(sql).all(values) as T[]
  }

  iterate<T>(sql: string, ...values: SQLInputValue[]): Iterable<T> {
    return this.#prepared(sql).iterate(...values) as Iterable<T>
  }

  /** The single value of a pragma. */
  pragma(text: string): unknown {
    const row = this.#db.prepare(`PRAGMA ${text}`).get()
    return row === undefined ? undefined : Object.values(row)[0]
  }

  close(): void {
    this.#statements.clear()
    this.#db.close()
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const statement = this.#db.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/** Bytes as a value to bind: Node 22 binds a view on no memory at all as NULL. */
export function blob(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength > 0 ? bytes : new Uint8Array(new ArrayBuffer(1), 0, 0)
}
