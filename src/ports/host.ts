/** What core is asked by a host, and what it answers. */
import type { Chunks } from '../http/flow.ts'
import type { hostDoor } from '../lib/symbols.ts'
import type { SecretPlaces } from './auth.ts'

/** One HTTP request, stripped of its framework. */
export interface NeutralRequest {
  readonly method: string
  /** Path and query as on the request line, undecoded: below the mount in Express, whole in node and fetch. */
  readonly target: string
  /** Name and value in turn, as received, duplicates kept (`req.rawHeaders`). */
  readonly rawHeaders: readonly string[]
  /**
   * The bytes: a stream that fails when the peer goes away, bytes the host has kept, null when there is no body,
   * or `'consumed'` when another parser has eaten it.
   */
  readonly body: Chunks | Uint8Array | null | 'consumed'
  /** Calls `then` when the peer leaves before its whole answer was handed to the system; at once when it has left. */
  whenLeft(then: () => void): void
  /** The source, where the host has decided it; otherwise the last segment of `target`. */
  readonly source?: string | undefined
  /** With `prefix`, the path must be exactly `<prefix>/<name>`, with the secret before the name where it stands there. */
  readonly prefix?: string | undefined
  /** Where the host has mounted us, for the log, where that is not `prefix`. */
  readonly mount?: string | undefined
  /** Address of the connection, a proxy's where there is one; made lazily; undefined where the host does not show it. */
  readonly peer?: string | undefined
}

/** How a request finds its source where its path alone does not say. */
export interface Mount {
  /** Every request is for this source, whatever its path. */
  readonly source?: string | undefined
  /** The path must be exactly `<prefix>/<name>`. */
  readonly prefix?: string | undefined
}

export interface NeutralResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text; empty for HEAD. */
  readonly body: string
  /** Close the connection after the answer; a body still coming is read for at most 64 kB or 500 ms, then cut. */
  readonly closeConnection: boolean
  /** The code of a refusal; null when the answer is 200. Express hands `unknown_source` to `next()`. */
  readonly code: string | null
  /** To be called by the host when it cannot hand the answer to the system: it has answered itself, or nobody is there. */
  readonly onUndelivered?: ((hostAnswered: boolean) => void) | undefined
}

/** What an adapter needs of a receiver. */
export interface ReceiverLike {
  readonly [hostDoor]: HostDoor
  start(): Promise<void>
  close(options?: { readonly timeoutMs?: number }): Promise<unknown>
}

export interface HostDoor {
  /** Never rejects. Starts the receiver if nobody has. */
  readonly receive: (request: NeutralRequest) => Promise<NeutralResponse>
  readonly sourceNames: readonly string[]
  /** Where the address of a source holds a secret, so that a host can route it and keep it out of its logs. */
  readonly secretPlaces?: (source: string) => SecretPlaces
  /** Whether `<source>/token` is an address too, so that a host can route it. */
  readonly issuesTokens?: (source: string) => boolean
  /** Told once of every server that serves the receiver: its time limits may be at odds with ours. */
  readonly seen?: (limits: HostLimits) => void
  /** Told what failed in the host, in words without secrets; never throws. */
  readonly failed?: (what: string, error: unknown) => void
  /** Told what kept the process running for `graceMs` after its stop; it is ended now. */
  readonly kept?: (what: string, graceMs: number) => void
}

/** The time limits of a `node:http` server, in ms; 0 is none. */
export interface HostLimits {
  readonly requestTimeout?: number | undefined
  readonly headersTimeout?: number | undefined
}
