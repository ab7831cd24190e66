/** What a host asks of a dashboard, and what it is answered. Types only. */
import type { Chunks } from '../http/flow.ts'
import type { boardDoor } from '../lib/symbols.ts'
import type { Auth } from './auth.ts'

/** What can be done about what is in the inbox: each is a right of its own. */
export type Action = 'retry' | 'replay' | 'reparse' | 'drop' | 'pause' | 'resume' | 'prune' | 'erase'

/** What somebody may see and do. Nothing implies anything else. */
export interface Access {
  /** Whose name stands beside what is done. */
  readonly who: string
  /** `masked` (default): `j***@shop.example`, no values of payloads, no stacks. `clear`: everything that is stored. */
  readonly people?: 'masked' | 'clear'
  /** Whether stored bytes may be downloaded. Default false. */
  readonly bytes?: boolean
  /** Default: nothing. */
  readonly act?: readonly Action[]
}

/** To be shown beside what has an id: `{ label: 'Tickets', href: 'https://tickets.example/?q={messageId}' }`. */
export interface DashboardLink {
  readonly label: string
  /** `https:` alone. `{messageId}`, `{key}`, `{source}` and `{deliveryId}` are replaced, percent-encoded. */
  readonly href: string
}

export interface DashboardOptions {
  /**
   * Who may look, by any kind of `posthorn/auth` but those whose secret stands in the address: `query` and `path`. Without
   * it, and without `access` of `pages`, the dashboard answers this machine alone.
   */
  readonly auth?: Auth
  /** What everybody may do whom `auth` lets in, or who is on this machine. Default: look, with people masked. */
  readonly access?: Omit<Access, 'who'>
  /** Values of `Host` that are answered. Default: with `auth` or `access` any, else the names of this machine, always. */
  readonly hosts?: readonly string[]
  /** Further origins that forms are taken from, such as `https://ops.example` where a proxy rewrites `Host`. */
  readonly origins?: readonly string[]
  /** Origins whose pages may show the dashboard in a frame. Default: nobody. */
  readonly framedBy?: readonly string[]
  /** To tools of yours. */
  readonly links?: readonly DashboardLink[]
}

/** One HTTP request for a dashboard, stripped of its framework. Its path says nothing: all that is asked stands in the query. */
export interface BoardRequest {
  readonly method: string
  /** What follows the `?` of the target, undecoded; empty where nothing does. */
  readonly query: string
  /** Name and value in turn, as received, duplicates kept. */
  readonly rawHeaders: readonly string[]
  /**
   * The bytes: a stream, bytes that the host has kept, or null. `form`: another parser has read them, and these are the
   * fields that it found.
   */
  readonly body: Chunks | Uint8Array | null | { readonly form: unknown }
  /** Address of the connection, a proxy's where there is one; undefined where the host does not show it. */
  readonly peer: string | undefined
  /** Whether the connection is encrypted; undefined where the host does not show it. */
  readonly isSecure: boolean | undefined
  /** `1.0`, `1.1`, `2.0`; undefined where the host does not show it. */
  readonly httpVersion: string | undefined
  /** What the host's own `access` has said; undefined: it has none. */
  readonly access: { readonly given: unknown } | undefined
  /** Fires when whoever asked has left. */
  readonly signal: AbortSignal
}

export interface BoardAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Whole, or in pieces as they come; a host that stops taking them ends the iteration. */
  readonly body: string | Uint8Array | AsyncIterable<string>
}

export interface BoardDoor {
  /** Never rejects. */
  answer(request: BoardRequest): Promise<BoardAnswer>
  /** Told what failed in the host; never throws. */
  failed(what: string, error: unknown): void
}

/** What an adapter needs of a dashboard. */
export interface BoardLike {
  readonly [boardDoor]: BoardDoor
}
