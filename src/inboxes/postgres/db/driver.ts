/** The package `pg` by its shape: the part of it that the inbox calls. */

export interface QueryConfig {
  readonly text: string
  readonly values?: readonly unknown[]
  readonly query_timeout?: number
  readonly types?: { getTypeParser(oid: number): (value: string) => unknown }
}

export interface QueryResult {
  readonly rows: readonly Row[]
}

export type Row = Readonly<Record<string, unknown>>

/** What a query object of one's own is given by `pg`, and has to answer. */
export interface Submittable {
  submit(connection: { query(text: string): void }): void
  handleError(error: Error): void
  handleReadyForQuery(): void
}

export interface Client {
  query(config: QueryConfig): Promise<QueryResult>
  query(query: Submittable): unknown
  /** With true it is closed, and not used again. */
  release(destroy?: boolean): void
  on(event: 'error', listener: () => void): unknown
  on(event: 'notice', listener: (notice: { readonly routine?: string | undefined }) => void): unknown
}

/** What a pool of `pg` tells of. */
export interface PooledClient {
  readonly connection: { readonly stream: { destroy(): unknown } }
}

/** What an application may hand in: its own pool, of `pg`. */
export interface GivenPool {
  connect(): Promise<Client>
  on?(event: 'error', listener: (error: Error) => void): unknown
  off?(event: 'error', listener: (error: Error) => void): unknown
  /** As `pg` has them; of others it is not known how many connections there are. */
  readonly options?: { readonly max?: number }
}

export interface Pool {
  connect(): Promise<Client>
  end(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'connect' | 'remove', listener: (client: PooledClient) => void): unknown
}

/** A pool as the inbox has it. */
export interface Connections {
  connect(): Promise<Client>
  /** Resolves when all are closed in order. */
  end(): Promise<void>
  /** Closes all at once, also those whose server does not answer: such a one would keep the process running. */
  cut(): void
}

export interface PoolSettings {
  readonly connectionString: string
  readonly max: number
  readonly connectionTimeoutMillis: number
  readonly idleTimeoutMillis: number
  readonly keepAlive: boolean
  readonly application_name: string
}

export type PoolClass = new (settings: PoolSettings) => Pool
