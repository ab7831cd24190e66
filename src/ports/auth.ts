/** What core asks of a kind of authentication. */
import type { port } from '../lib/symbols.ts'
import type { LogFacts, Logger } from '../types.ts'
import type { Clock } from './clock.ts'

/** Where in an address a kind of authentication looks for its secret. */
export interface SecretPlaces {
  /** In the segment before the name: there alone, or there too, beside other credentials. */
  readonly path: 'only' | 'also' | null
  readonly query: boolean
}

/** Where a request carries credentials, beside `Authorization` and the path. */
export interface Carriers {
  /** In lower case. */
  readonly headers: readonly string[]
  readonly parameters: readonly string[]
}

export interface Auth {
  /** `token`, `basic`, …: shown in the start line. */
  readonly scheme: string
  readonly [port]: AuthPort
}

export interface AuthPort {
  /** Value of `WWW-Authenticate` on 401 (RFC 9110 section 11.6.1); empty for none. */
  readonly challenge: string
  /** Labels of what it knows, so that one which nothing came with can be told from one that does not exist. */
  readonly labels?: readonly string[] | undefined
  /** Those of them that are not the first of their list. */
  readonly later?: readonly string[] | undefined
  /** Absent: not in the address. */
  readonly places?: SecretPlaces | undefined
  /** What holds its secret, so that it can be kept out of what is handed on. Absent: nothing but `Authorization` or the path. */
  readonly carriers?: Carriers | undefined
  /** Its check costs time that others than we decide on: it is left out where a quick one has let the request in. */
  readonly slow?: boolean | undefined
  /**
   * Called at `start`, and when secrets are read anew: reads them and returns the check.
   * @throws ERR_SECRET_MISSING naming what is missing, never its value.
   */
  prepare(at: AuthSetting): Promise<Verify>
  /**
   * What a request carries that the check lets in, made from the same secrets, the first where there are several. For
   * tests that post as the sender does; nothing else calls it. Absent where a kind cannot say.
   * @throws ERR_SECRET_MISSING, ERR_SECRET_INVALID as `prepare` does
   */
  present?(at: PresentSetting): Promise<Presented>
  /** Issues the tokens that the check takes, at `<source>/token`. Absent: somebody else does, or there are none. */
  readonly issuer?: TokenIssuer | undefined
}

export interface TokenIssuer {
  /**
   * Called once, at `start`, beside `prepare`.
   * @throws as `prepare` does
   */
  prepare(at: AuthSetting): Promise<IssueToken>
}

/** Answers one request for a token, whose body is complete. Never rejects. */
export type IssueToken = (request: AuthRequest, body: Uint8Array) => Promise<Issued>

/** The body of the answer (RFC 6749 section 5.1), or why there is no token: words of section 5.2, and ours. */
export type Issued =
  | { readonly ok: true; readonly body: object }
  | { readonly ok: false; readonly code: TokenRefusal; readonly reason?: string }

export type TokenRefusal = 'invalid_client' | 'invalid_request' | 'unsupported_grant_type' | 'auth_unavailable'

/** The credentials of one request, as they stand on the wire. */
export interface Presented {
  /** Name and value in turn; values as the bytes of the wire, one character each. */
  readonly rawHeaders: readonly string[]
  /** What follows the `?` of the address; empty where nothing does. */
  readonly query: string
  /** The segment before the name of the source; absent where the address needs none. */
  readonly segment?: string | undefined
}

/** Where secrets are read from. */
export interface SecretSetting {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly source: string
  /** For the start. */
  readonly logger: Logger
}

export interface PresentSetting extends SecretSetting {
  /** The time of the receiver, in epoch ms. */
  now(): number
}

export interface AuthSetting extends SecretSetting {
  /** For requests: the first of a `kind` at once, then a count a minute. */
  notice(kind: string, level: 'warn' | 'error', message: string, facts: LogFacts): void
  readonly clock: Clock
}

/**
 * Decides from the head of the request alone. Compares in constant time over every candidate; never throws and never
 * rejects. A promise only where somebody else has to be asked, or where the answer takes real work.
 */
export type Verify = (request: AuthRequest) => Verdict | Promise<Verdict>

/** The head of a request; the fields are those of `NeutralRequest`. */
export interface AuthRequest {
  readonly rawHeaders: readonly string[]
  readonly target: string
  /** Given where the host has decided the source: then the path does not end in its name. */
  readonly source?: string | undefined
  readonly peer?: string | undefined
}

export type Verdict = { readonly ok: true; readonly credential: string | null } | Refused

export interface Refused {
  readonly ok: false
  /** Nobody can tell now: 503, since 401 has a sender throw away a token that may be good. */
  readonly unavailable?: true
  /** There is no such address: 404. */
  readonly hidden?: true
  /** The request carries nothing that the kind could compare: what it looks at is absent, malformed or there twice. */
  readonly missing?: true
  /** One word for operators, from a closed list of the kind; never told to the sender. */
  readonly reason?: string
}
